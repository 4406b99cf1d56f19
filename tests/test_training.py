"""Training: the loops agree, streams stay apart, runs repeat, and failures are statuses."""

import copy
import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from butfor.checks.footprints.steps import rate_fault
from butfor.checks.repetition import repeated
from butfor.engine import keras_optimisers, loops, losses, models
from butfor.engine.data_parts import HeldPart
from butfor.engine.keras_initialisers import initialiser
from butfor.engine.random_layers import Dropout
from butfor.fingerprint import fingerprint
from butfor.recipe import schedules, streams
from butfor.records import record
from butfor.training.arm_job import train_arm
from butfor.training.arm_runs import ArmRuns
from conftest import NUMPY, resolved
from keras_training import arm_runs

RECIPE = resolved(
    model={"name": "mlp", "widths": [32, 16]},
    learning_rate=0.003,
    schedule={"name": "cosine_restarts", "first_decay": 1},
    l2=1e-4,
    dropout=0.2,
    batch_size=25,
    epochs=3,
    loop="graph",
)


def recipe(**changes):
    return resolved(**{**copy.deepcopy(RECIPE), **changes})


def runs(recipe, data, *seeds, name="baseline"):
    arm = arm_runs(recipe, data, name)
    return [arm.train(seed) for seed in seeds]


@pytest.fixture(scope="module")
def trained(digits_data):
    """Two seeds' runs of the recipe."""
    return runs(RECIPE, digits_data, 0, 1)


def lasting(run):
    """What must be the same whenever a run is repeated."""
    fields = dataclasses.asdict(run)
    return {key: value for key, value in fields.items() if key not in ("machine", "timing")}


def same(a, b):
    assert record._plain(lasting(a)) == record._plain(lasting(b))


def weights_after(settings, data, loop, steps, jit=False):
    """The weights after some steps of a loop on one fixed order."""
    algorithm = "threefry" if jit or loop == "xla" else "philox"
    model = models.build(settings, data.x_train.shape[1:], data.classes, 0, algorithm)
    rates = schedules.learning_rates(settings, steps)
    model.compile(
        keras_optimisers.optimiser(settings, keras_optimisers.RateTable(rates)), losses.loss(settings), jit_compile=jit
    )
    model.optimizer.build(model.trainable_variables)
    train = loops.compiled_epoch(model, HeldPart(data.x_train, data.y_train), loop)
    order = np.random.default_rng(3).permutation(len(data.x_train)).astype(np.int32)
    used, objective = train(order[: steps * settings["batch_size"]].reshape(steps, -1))
    np.testing.assert_array_equal(used, rates[:steps])
    return model.get_weights(), objective


def test_the_graph_loop_equals_fit_to_the_bit_over_an_epoch(digits_data):
    steps = len(digits_data.x_train) // RECIPE["batch_size"]
    graph, graph_loss = weights_after(RECIPE, digits_data, "graph", steps)
    fit, fit_loss = weights_after(RECIPE, digits_data, "fit", steps)
    for a, b in zip(graph, fit, strict=True):
        np.testing.assert_array_equal(a, b)
    assert graph_loss == pytest.approx(fit_loss, rel=1e-6)


@pytest.mark.parametrize("changes", [{"dropout": 0.0}, pytest.param({}, marks=pytest.mark.long)])
def test_the_xla_loop_equals_fit_in_every_weight_over_50_steps(digits_data, changes):
    settings = recipe(**changes)
    xla, _ = weights_after(settings, digits_data, "xla", 50)
    fit, _ = weights_after(settings, digits_data, "fit", 50, jit=bool(settings["dropout"]))
    assert max(np.abs(a - b).max() for a, b in zip(xla, fit, strict=True)) <= 1e-5


@pytest.mark.parametrize("loop", ["graph", *(pytest.param(loop, marks=pytest.mark.long) for loop in ("xla", "fit"))])
def test_a_repeated_run_leaves_the_same_record_whatever_ran_before_it(digits_data, loop):
    settings = recipe(loop=loop)
    alone = runs(settings, digits_data, 1)[0]
    after_another = runs(settings, digits_data, 0, 1)[1]
    same(alone, after_another)


def test_taking_dropout_out_leaves_weights_order_and_split_alone(digits_data, trained):
    baseline, (no_dropout,) = trained[1], runs(recipe(dropout=0.0), digits_data, 1, name="no_dropout")
    assert baseline.draws == no_dropout.draws
    assert [row["order"] for row in baseline.history] == [row["order"] for row in no_dropout.history]
    assert baseline.history[0]["objective"] != no_dropout.history[0]["objective"]


def test_another_seed_draws_other_weights_order_split_and_masks(trained):
    a, b = trained
    assert a.draws["split"] != b.draws["split"]
    assert a.draws["weights"]["hidden_1"] != b.draws["weights"]["hidden_1"]
    assert a.history[0]["order"] != b.history[0]["order"]
    layer = Dropout(0.5, "philox", seed=streams.key(0, "masks", "dropout_1"))
    other = Dropout(0.5, "philox", seed=streams.key(1, "masks", "dropout_1"))
    ones = tf.ones((4, 50))
    assert (layer(ones, training=True).numpy() != other(ones, training=True).numpy()).any()


def test_the_order_is_drawn_by_seed_even_over_one_split(digits_data, monkeypatch):
    split = ArmRuns._split
    monkeypatch.setattr(ArmRuns, "_split", lambda self, seed: split(self, 0))
    a, b = runs(recipe(epochs=1), digits_data, 0, 1)
    assert a.draws["split"] == b.draws["split"] and a.history[0]["order"] != b.history[0]["order"]


def test_dropout_scales_what_it_keeps_and_is_the_identity_at_inference():
    layer = Dropout(0.3, "philox", seed=1)
    ones = tf.ones((1000, 100))
    out = layer(ones, training=True).numpy()
    bound = 4 * np.sqrt(0.3 * 0.7 / out.size)
    assert abs((out == 0).mean() - 0.3) < bound
    np.testing.assert_allclose(out[out > 0], 1 / 0.7, rtol=1e-6)
    np.testing.assert_array_equal(layer(ones, training=False), ones)


@pytest.mark.parametrize(
    ("name", "std"),
    [("he_normal", 0.05051), ("he_uniform", 0.05051), ("glorot_normal", 0.04385), ("glorot_uniform", 0.04385),
     ("lecun_uniform", 0.03571), ("lecun_normal", 0.03571)],
)  # fmt: skip
def test_initialisers_have_their_published_spread(name, std):
    weights = initialiser({"name": name}, key=5)((784, 256)).numpy()
    assert weights.std() == pytest.approx(std, rel=0.01)


def test_a_chosen_standard_deviation_is_the_one_that_is_used():
    weights = initialiser({"name": "normal", "stddev": 1.0}, key=5)((784, 256)).numpy()
    assert weights.std() == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize("loop", ["graph", "fit", pytest.param("xla", marks=pytest.mark.long)])
def test_a_loss_that_explodes_is_a_status_and_ends_the_epoch_at_once(digits_data, loop):
    settings = recipe(loop=loop, learning_rate=1e30, optimiser={"name": "sgd", "momentum": 0.0, "nesterov": False})
    (run,) = runs(settings, digits_data, 0)
    assert run.status == "diverged" and "epoch 1" in run.reason and run.metrics == {}
    assert len(run.history) == 1 and len(run.learning_rate) == 2 < run.steps_per_epoch
    assert run.chance["dropout_1"]["draws"] == 2 and not list(repeated(run)) and rate_fault(run) == ""
    assert rate_fault(dataclasses.replace(run, learning_rate=[*run.learning_rate, 1.0]))
    assert rate_fault(dataclasses.replace(run, status="ok"))


def test_a_model_no_better_than_chance_is_a_status(digits_data):
    (run,) = runs(recipe(initialiser={"name": "zeros"}, epochs=1), digits_data, 0)
    assert run.status == "at_chance" and "(its answers are all the same); test accuracy 0." in run.reason


def test_figures_are_measured_in_inference_mode_and_without_penalties(digits_data):
    """Evaluating by hand gives the recorded figures, though dropout and a heavy penalty were on in training."""
    arm = arm_runs(recipe(dropout=0.5, l2=0.1), digits_data)
    run = arm.train(0)
    logits = (
        arm.engine.model(loops.as_inputs(tf.constant(digits_data.x_test)), training=False).numpy().astype(np.float64)
    )
    log_sum = np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1)) + logits.max(1)
    cross_entropy = (log_sum - logits[np.arange(len(logits)), digits_data.y_test]).mean()
    assert run.metrics["test/loss"] == pytest.approx(cross_entropy, rel=1e-5)
    assert run.metrics["test/accuracy"] == pytest.approx((logits.argmax(1) == digits_data.y_test).mean())
    assert run.penalty["start"]["kernels"] > 1 and run.history[0]["objective"] > 1 + run.history[0]["train/loss"]


def test_the_recorded_learning_rates_are_the_schedule(trained):
    run = trained[0]
    np.testing.assert_array_equal(np.float32(run.learning_rate), schedules.learning_rates(RECIPE, run.steps_per_epoch))


def test_early_stopping_restores_the_best_epoch(digits_data):
    stop = {"name": "patience", "monitor": "loss", "patience": 2, "min_delta": 0.0, "restore_best": True}
    settings = recipe(learning_rate=0.05, schedule={"name": "none"}, dropout=0.0, epochs=40, early_stopping=stop)
    (run,) = runs(settings, digits_data, 0)
    losses = [row["validation/loss"] for row in run.history]
    assert run.stopped_epoch == run.restored_epoch + 2 < 40
    assert run.metrics["validation/loss"] == pytest.approx(losses[run.restored_epoch - 1]) == min(losses)


def test_patience_that_is_never_exhausted_changes_nothing_without_restoring(digits_data, trained):
    stop = {"name": "patience", "monitor": "loss", "patience": 99, "min_delta": 0.0, "restore_best": False}
    plain, (patient,) = trained[0], runs(recipe(early_stopping=stop), digits_data, 0)
    assert plain.history == patient.history and plain.metrics == patient.metrics


def test_a_convolutional_model_trains(digits_data):
    cnn = {"name": "cnn", "filters": [8], "kernel": 3, "width": 16, "activation": "relu"}
    (run,) = runs(recipe(model=cnn, loop="auto", epochs=2), digits_data, 0)
    assert run.status == "ok" and run.metrics["test/accuracy"] > 0.5


def test_a_job_goes_on_after_its_last_finished_seed(digits, tmp_path):
    job = {"arm": "a", "seeds": [0, 1], "recipe": recipe(epochs=1), "validation": 0.1, "engine": NUMPY}
    folder = tmp_path / "runs" / "a" / "look1"
    train_arm(job, *digits, threads=1, runs=folder)
    whole = {path.name: record.read(path) for path in folder.glob("seed_*.json")}
    again = tmp_path / "again" / "a" / "look1"
    finished = {"count": 0}
    run = ArmRuns.train

    def killed_in_the_second(self, seed, *watched):
        if finished["count"]:
            raise KeyboardInterrupt
        finished["count"] += 1
        return run(self, seed, *watched)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArmRuns, "train", killed_in_the_second)
        with pytest.raises(KeyboardInterrupt):
            train_arm(job, *digits, threads=1, runs=again)
    trained = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArmRuns, "train", lambda self, seed, *watched: trained.append(seed) or run(self, seed))
        train_arm(job, *digits, threads=1, runs=again)
    assert trained == [1]
    for name, first in whole.items():
        same(first, record.read(again / name))


def test_the_fingerprint_is_of_the_recipe(trained):
    assert {run.fingerprint for run in trained} == {fingerprint(RECIPE)} != {fingerprint(recipe(epochs=1))}


def test_a_layer_that_is_called_twice_in_a_step_draws_the_same_where_its_first_draws_are_given():
    layer, ones = Dropout(0.5, "philox", 3), tf.ones((4, 8))
    drawn = [layer(ones, training=True).numpy() for _ in range(2)]
    again = Dropout(0.5, "philox", 3)
    again.given = [again.coming(ones)]
    assert [again(ones, training=True).numpy().tolist() for _ in range(2)] == [each.tolist() for each in drawn]
