"""The loss that trains as a figure: what it is of, and the epochs that are chosen by it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from butfor.checks.footprints.epochs import stopping_fault
from butfor.checks.footprints.steps import rate_fault
from butfor.checks.repetition import repeated
from butfor.data.dataset import Dataset
from butfor.data.stored_arrays import streamed_arrays
from butfor.engine import user_models
from butfor.engine.answers import answers_of
from butfor.engine.data_parts import part_of
from butfor.engine.inference import EVALUATION_BATCH, Inference
from butfor.engine.keras_engine import KerasEngine
from butfor.engine.losses import loss
from butfor.figures.stopping import best_epoch
from butfor.recipe.loss_functions import expected_loss
from butfor.recipe.tasks import TASKS
from butfor.user_code.location import OwnCodeError
from conftest import resolved
from keras_training import arm_runs

RNG = np.random.default_rng(5)
ROWS = RNG.normal(size=(1200, 6)).astype(np.float32)
SKEWED = RNG.standard_exponential((1200, 1)).astype(np.float32)
CLASSES = (SKEWED[:, 0] > 1).astype(np.int32)
TARGETS = {"regression": SKEWED, "classification": CLASSES, "multilabel": np.stack([CLASSES, 1 - CLASSES], 1) * 1.0}
STOPPING = {"name": "patience", "patience": 2}
WATCHING = {**STOPPING, "monitor": "trained_loss"}
PINBALL = {"name": "pinball", "share": 0.98}
BASE = {
    "model": {"name": "mlp", "widths": [16]}, "batch_size": 30, "epochs": 12, "learning_rate": 0.003, "loop": "graph",
}  # fmt: skip


def made_up(task="regression"):
    """Rows with targets of a task. Numbers have a tail: their upper quantiles are far from their mean."""
    y = TARGETS[task].astype(np.float32 if task != "classification" else np.int32)
    outputs = {"classification": (2,), "multilabel": (2,), "regression": (1,)}[task]
    return Dataset("made", "f", outputs[-1], ROWS[:1000], y[:1000], ROWS[1000:], y[1000:], task=task, outputs=outputs)


def trained(task="regression", **recipe):
    """The runs of an arm, and the record of one."""
    runs = arm_runs(resolved(**{**BASE, **recipe}), made_up(task), validation=0.2)
    return runs, runs.train(0)


def curve(record, name, part="validation"):
    return [row[f"{part}/{name}"] for row in record.history]


@pytest.fixture(scope="module")
def quantile():
    """A quantile far from the mean, trained until it gets no better by the squared error, and by its own loss."""
    return trained(loss=PINBALL, early_stopping=STOPPING)[1], trained(loss=PINBALL, early_stopping=WATCHING)


def test_a_quantile_goes_on_while_its_own_loss_falls_and_the_squared_error_rises(quantile):
    plain, (_, own) = quantile
    assert own.restored_epoch > plain.restored_epoch
    assert own.restored_epoch == 1 + int(np.argmin(curve(own, "trained_loss"))) == best_epoch(own)
    assert plain.restored_epoch == 1 + int(np.argmin(curve(plain, "loss"))) == best_epoch(plain)
    assert own.restored_epoch != 1 + int(np.argmin(curve(own, "loss")))


def test_the_checks_repeat_its_choice_from_the_record(quantile):
    _, (_, own) = quantile
    assert stopping_fault(own) == "" and not list(repeated(own))
    other = [{**row, "validation/trained_loss": -row["validation/trained_loss"]} for row in own.history]
    assert "expected epoch" in stopping_fault(own.__class__(**{**vars(own), "history": other}))
    metrics = {**own.metrics, "validation/trained_loss": 9.0}
    (told,) = repeated(own.__class__(**{**vars(own), "metrics": metrics}))
    assert told.startswith("restored weights: expected validation/trained_loss ")


def test_it_is_measured_only_where_it_is_watched_and_changes_nothing_else(quantile):
    plain, (_, own) = quantile
    assert not any("trained_loss" in name for name in [*plain.metrics, *plain.history[0]])
    names = [f"{part}/{name}" for part in ("train", "validation") for name in ("mae", "loss")]
    for row, other in zip(plain.history, own.history, strict=False):
        assert [row[name] for name in ("objective", "order", *names)] == [
            other[name] for name in ("objective", "order", *names)
        ]
    assert [*own.history[0]] == [
        "epoch", "objective", "train/mae", "train/loss", "train/trained_loss",
        "validation/mae", "validation/loss", "validation/trained_loss", "order",
    ]  # fmt: skip


KNOWN = [
    ("regression", {"loss": {"name": "huber", "delta": 0.5}, "target_scaling": "none"}),
    ("classification", {"label_smoothing": 0.2, "class_weight": "balanced", "l2": 1e-3, "dropout": 0.3}),
    ("classification", {"mixup": 0.4}),
    ("multilabel", {"loss": "focal", "label_smoothing": 0.1}),
]
OTHERS = ("regression", {"loss": PINBALL}), ("regression", {}), ("classification", {"loss": "focal"})


@pytest.mark.parametrize(
    ("task", "recipe"), [*KNOWN, *(pytest.param(*other, marks=pytest.mark.long) for other in OTHERS)], ids=str
)
def test_it_is_the_loss_of_the_recipe_without_penalties_and_weights(task, recipe):
    """As it is worked out apart, from the scores of the final weights."""
    runs, record = trained(task, **recipe, early_stopping=WATCHING, epochs=2)
    data = runs.engine._dataset
    scale = (data.y_train.mean(0), data.y_train.std(0)) if task == "regression" else (0.0, 1.0)
    scale = (0.0, 1.0) if recipe.get("target_scaling") == "none" else scale
    scores = runs.engine.scores("test", np.arange(200, dtype=np.int32))
    expected = expected_loss(record.recipe, TASKS[task], scores, data.y_test, scale)
    assert record.metrics["test/trained_loss"] == pytest.approx(expected, rel=1e-5)
    if task == "classification" and "mixup" in recipe:
        assert record.metrics["test/trained_loss"] == pytest.approx(record.metrics["test/loss"], rel=1e-5)


@pytest.mark.parametrize("loop", ["xla", pytest.param("fit", marks=pytest.mark.long)])
def test_each_loop_chooses_the_same_epoch(loop, quantile):
    _, (_, graph) = quantile
    _, record = trained(loss=PINBALL, early_stopping=WATCHING, loop=loop)
    np.testing.assert_allclose(curve(record, "trained_loss"), curve(graph, "trained_loss"), rtol=1e-3)
    assert record.loop == loop and record.restored_epoch == graph.restored_epoch


def test_a_plateau_watches_it_too():
    schedule = {"name": "reduce_on_plateau", "monitor": "trained_loss", "patience": 1, "min_delta": 0.02}
    _, own = trained(loss=PINBALL, schedule=schedule)
    _, plain = trained(loss=PINBALL, schedule={**schedule, "monitor": "loss"})
    assert rate_fault(own) == rate_fault(plain) == ""
    assert "validation/trained_loss" in own.history[0] and own.learning_rate != plain.learning_rate


def test_figures_and_scores_of_one_call_are_those_of_two(quantile):
    _, (runs, _) = quantile
    rows = np.arange(4500, dtype=np.int32) % 200
    figures, scores = runs.engine.figures_and_scores("test", rows)
    assert figures == runs.engine.evaluate("test", rows) and "trained_loss" in figures
    np.testing.assert_array_equal(scores, runs.engine.scores("test", rows))


def measuring(recipe, data, model, batch=None):
    """What measures a model by the loss of a recipe."""
    answers = answers_of(model, recipe, data)
    return Inference(model, answers, converts=True, trained=loss(recipe, answers), batch=batch)


def test_a_loss_of_a_whole_batch_counts_by_how_many_examples_it_is_of(tmp_path):
    """Dice of pixels: the mean over batches of training, the last of which is smaller. Read from disk, it is the same."""
    x, y = RNG.normal(size=(3000, 4, 4, 2)).astype(np.float32), RNG.integers(0, 3, (3000, 4, 4)).astype(np.int32)
    data = Dataset("m", "f", 3, x, y, x, y, task="segmentation", outputs=(4, 4, 3))
    inputs = keras.Input((4, 4, 2))
    model = keras.Model(inputs, keras.layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(1))(inputs))
    recipe = resolved(loss="dice")
    rows = np.arange(3000, dtype=np.int32)
    told = measuring(recipe, data, model, batch=700).evaluate(part_of(x, y), rows)
    scores, batches = model(x).numpy(), [slice(at, min(at + 700, 3000)) for at in range(0, 3000, 700)]
    each = [expected_loss(recipe, TASKS["segmentation"], scores[at], y[at], (0.0, 1.0)) for at in batches]
    assert told["trained_loss"] == pytest.approx((7 * sum(each[:-1]) + 2 * each[-1]) / 30, rel=1e-6)
    path = tmp_path / "x.npz"
    np.savez(path, x=x)
    streamed = measuring(recipe, data, model, 700).evaluate(part_of(streamed_arrays(path, ("x",))["x"], y), rows)
    assert streamed == pytest.approx(told, rel=1e-6)


def test_a_loss_of_a_whole_batch_is_of_as_many_examples_as_it_trains_on():
    """What Keras's `evaluate` gives for the recipe's batches; and else figures are worked out in large ones."""
    data, rows = made_up("multilabel"), np.arange(200, dtype=np.int32)
    recipe = resolved(**{**BASE, "loss": "dice", "early_stopping": WATCHING})
    engine = KerasEngine(recipe, data, np.full(9, 0.1, np.float32))
    engine.start(0)
    scores, batches = engine.scores("test", rows), [slice(at, min(at + 30, 200)) for at in range(0, 200, 30)]
    each = [expected_loss(recipe, TASKS["multilabel"], scores[at], data.y_test[at], (0.0, 1.0)) for at in batches]
    expected = sum(value * len(rows[at]) for value, at in zip(each, batches, strict=True)) / 200
    assert engine.evaluate("test", rows)["trained_loss"] == pytest.approx(expected, rel=1e-5)
    of_examples = KerasEngine({**recipe, "loss": {"name": "focal", "gamma": 2.0}}, data, np.full(9, 0.1, np.float32))
    assert of_examples._compiled.inference._batch == EVALUATION_BATCH


def test_losses_of_keras_s_and_of_the_user_s_are_measured_as_they_train(tmp_path, monkeypatch):
    (tmp_path / "my_watched_losses.py").write_text(
        "import tensorflow as tf\n\n\ndef lopsided(truth, prediction):\n"
        "    errors = truth - prediction\n    return tf.reduce_mean(tf.where(errors > 0, 3.0 * errors, -errors), axis=-1)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    spread, centre = made_up().y_train.std(0), made_up().y_train.mean(0)
    own = {"loss": {"name": "my_watched_losses:lopsided"}, "early_stopping": WATCHING, "epochs": 2}
    for recipe, of in (
        (own, lambda e: np.where(e > 0, 3.0 * e, -e)),
        ({**own, "loss": {"name": "keras", "of": "MeanAbsoluteError"}}, np.abs),
    ):
        runs, record = trained(**recipe)
        errors = (made_up().y_test - runs.engine.scores("test", np.arange(200, dtype=np.int32))) / spread
        assert record.metrics["test/trained_loss"] == pytest.approx(of(errors).mean(), rel=1e-4), centre


def test_a_model_that_works_out_its_loss_itself_is_refused(tmp_path, monkeypatch):
    (tmp_path / "my_watched_model.py").write_text(
        "import keras\n\n\nclass Own(keras.Model):\n"
        "    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):\n"
        "        return 2 * super().compute_loss(x, y, y_pred, sample_weight, training)\n\n\n"
        "def build(recipe, shape, classes, parts):\n"
        "    inputs = keras.Input(shape)\n"
        "    seed = parts.key('out')\n"
        "    out = keras.layers.Dense(classes, kernel_initializer=keras.initializers.GlorotUniform(seed))(inputs)\n"
        "    return Own(inputs, out)\n"
    )
    (tmp_path / "my_watched_model.yaml").write_text("uses: []\n")
    monkeypatch.syspath_prepend(tmp_path)
    recipe = {"model": {"name": "my_watched_model:build"}, "batch_size": 30, "loop": "graph"}
    with pytest.raises(OwnCodeError, match=r"a train_step or a compute_loss of its own\. Write monitor: loss"):
        user_models.build(resolved(**recipe, early_stopping=WATCHING), made_up("classification"), "a")
    assert user_models.build(resolved(**recipe, early_stopping=STOPPING), made_up("classification"), "a")


def test_a_mask_of_the_outputs_counts_as_in_training():
    """Keras leaves out masked places where it trains, so that what is watched does."""
    x = np.array([[1, 2, 0, 0], [3, 1, 2, 0]], np.float32).repeat(3, axis=0)
    y = np.array([[0, 1, 1, 1], [1, 0, 1, 1]], np.int32).repeat(3, axis=0)
    data = Dataset("m", "f", 2, x, y, x, y, task="sequence", outputs=(4, 2))
    inputs = keras.Input((4,))
    embedded = keras.layers.Embedding(
        4, 3, mask_zero=True, embeddings_initializer=keras.initializers.RandomNormal(seed=1)
    )(inputs)
    outputs = keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(2))(embedded)
    model, recipe = keras.Model(inputs, outputs), resolved(loss="cross_entropy")
    told = measuring(recipe, data, model).evaluate(part_of(x, y), np.arange(6, dtype=np.int32))
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, tf.convert_to_tensor(model(x))).numpy()
    assert told["trained_loss"] == pytest.approx(losses[x > 0].mean(), rel=1e-5)
    assert told["loss"] == pytest.approx(losses.mean(), rel=1e-5)


def test_the_engine_measures_by_the_loss_that_its_model_is_compiled_with():
    engine = KerasEngine(resolved(**BASE, early_stopping=WATCHING), made_up(), np.full(400, 0.01, np.float32))
    assert engine._compiled.inference._trained is engine.model.loss
