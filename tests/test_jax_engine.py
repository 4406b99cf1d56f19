"""The engine on JAX: what a recipe and a seed decide is what TensorFlow's engine makes of them, alone and in a cohort.

Keras takes its backend once in a process, so that everything here is trained in others.
"""

import json

import numpy as np
import pytest

from jax_process import said_by

pytestmark = pytest.mark.services

ENGINES = {"jax": "butfor.jax_engine.jax_engine:JaxEngine", "tensorflow": "butfor.engine.keras_engine:KerasEngine"}
STEPS = 50
ROUNDING = 2e-6  # relative, of losses over 50 steps without a normalisation by batches
RECIPES = {
    "adam": {
        "loop": "xla",  # TensorFlow's other loops draw masks by another generator
        "dropout": 0.3, "label_smoothing": 0.1, "l1": 1e-5, "l2": 1e-4, "schedule": "cosine", "initialiser": "he_normal",
        "early_stopping": {"name": "patience", "monitor": "trained_loss"},
    },
    "convolutions": {
        "model": {"name": "cnn", "filters": [4], "kernel": 3, "width": 16}, "loop": "xla", "spatial_dropout": 0.2,
        "shift": 1, "flip": True, "cutout": 2, "ema": {"name": "weights", "momentum": 0.9}, "max_norm": 1.0,
        "clipping": {"name": "global_norm", "limit": 0.5}, "learning_rate": 0.1,
        "optimiser": {"name": "sgd", "momentum": 0.9, "nesterov": True},
    },
    "numbers": {
        "task": "regression", "loss": {"name": "huber", "delta": 0.7}, "bias_initialiser": "normal", "noise": 0.0,
        "optimiser": "adamw", "weight_decay": {"name": "decoupled", "rate": 0.05}, "activity_l2": 1e-3, "accumulation": 2,
    },
    "quantile": {
        "task": "regression", "loss": {"name": "pinball", "share": 0.95}, "learning_rate": 0.003,
        "early_stopping": {"name": "patience", "patience": 2, "monitor": "trained_loss"},
    },
}  # fmt: skip
BASE = {
    "model": {"name": "mlp", "widths": [24, 16]},
    "initialiser": "he_normal",
    "dropout": 0.2,
    "l2": 1e-4,
    "batch_size": 32,
    "epochs": 3,  # of 18 steps
}
COHORT = [
    BASE,
    {**BASE, "dropout": 0.0, "schedule": "cosine"},
    {
        **{**BASE, "l2": 0.0, "l1": 1e-4, "label_smoothing": 0.1, "optimiser": {"name": "adam", "beta_1": 0.8}},
        "early_stopping": {"name": "patience", "monitor": "trained_loss"},
    },
    {
        **{**BASE, "initialiser": "glorot_uniform"},
        "early_stopping": {"name": "patience", "patience": 1, "min_delta": 9.0, "monitor": "trained_loss"},
    },
    {**BASE, "learning_rate": 1e30},
]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture(scope="module")
def both(tmp_path_factory, programs):
    """What each engine leaves of the recipes, by name."""
    left, asked = {}, {"recipes": RECIPES, "steps": STEPS, "watching": ["quantile"]}
    for name, engine in ENGINES.items():
        path = tmp_path_factory.mktemp("engines") / f"{name}.npz"
        said_by("jax_training.py", {**asked, "engine": engine, "to": str(path)}, programs)
        left[name] = dict(np.load(path))
    return left["jax"], left["tensorflow"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_run_begins_and_draws_as_it_does_on_tensorflow_to_the_bit(both, recipe):
    jax, tensorflow = both
    begins = [key for key in tensorflow if key.startswith((f"{recipe}:start/", f"{recipe}:draws", f"{recipe}:taken"))]
    assert len(begins) >= 6
    assert [key for key in begins if not np.array_equal(jax[key], tensorflow[key])] == []


@pytest.mark.parametrize("recipe", RECIPES)
def test_fifty_steps_are_those_of_tensorflow_but_for_rounding(both, recipe):
    jax, tensorflow = both
    losses = tensorflow[f"{recipe}:losses"]
    assert len(losses) == STEPS and losses[-10:].mean() < 0.95 * losses[:10].mean()
    np.testing.assert_allclose(jax[f"{recipe}:losses"], losses, rtol=ROUNDING)
    np.testing.assert_allclose(jax[f"{recipe}:scores"], tensorflow[f"{recipe}:scores"], atol=2e-5)
    np.testing.assert_allclose(jax[f"{recipe}:figures"], tensorflow[f"{recipe}:figures"], rtol=1e-5)


def test_both_choose_the_same_epochs_by_the_loss_that_trains_and_others_by_the_squared_error(both):
    (plain, own), others = both[1]["quantile:chosen"], both[0]["quantile:chosen"]
    assert plain < own and others.tolist() == [plain, own]


@pytest.mark.parametrize("recipe", RECIPES)
def test_one_pass_gives_the_figures_and_the_scores_of_two_to_the_bit(both, recipe):
    assert [bool(engine[f"{recipe}:once"]) for engine in both] == [True, True]


@pytest.fixture(scope="module")
def cohort(programs):
    """What a cohort of ten runs in four lanes leaves, and some of them alone."""
    asked = {"recipes": COHORT, "seeds": [0, 1], "lanes": 4, "alone": [0, 4, 7], "recorded": [0, 7]}
    return asked["alone"], json.loads(said_by("jax_cohort.py", asked, programs))


@pytest.mark.parametrize("how", ["at once", "in turn"])
def test_each_run_alone_is_the_same_run_in_a_cohort_but_for_rounding(cohort, how):
    places, told = cohort
    every = told["in_turn"] if how == "in turn" else [told["together"][place] for place in places]
    for place, together, alone in zip(places, every, told["alone"], strict=True):
        for key in ("orders", "rates", "counted", "reason"):
            assert together[key] == alone[key], (place, key)
        np.testing.assert_allclose(together["figures"], alone["figures"], rtol=1e-5)
        watched = [np.array(each["watched"], float) for each in (together, alone)]
        np.testing.assert_allclose(*watched, rtol=1e-5, equal_nan=True)
        assert np.isnan(watched[0]).any() == (place < 4), "it is measured where it is watched"
        np.testing.assert_allclose(together["weights"], alone["weights"], rtol=1e-5)
        assert together["metrics"].keys() == alone["metrics"].keys()
        for key, value in alone["metrics"].items():
            assert together["metrics"][key] == pytest.approx(value, rel=1e-5), (place, key)


def test_runs_of_a_cohort_end_by_themselves_and_cost_no_more_then(cohort):
    _, told = cohort
    assert [len(run["orders"]) for run in told["together"]] == [3, 3, 3, 3, 3, 3, 2, 2, 1, 1]
    assert [run["counted"] for run in told["together"][6:8]] == [1, 1]
    assert all("the loss was nan" in run["reason"] for run in told["together"][8:])
    assert all(run["metrics"] for run in told["together"][:8]) and not told["together"][8]["metrics"]
    assert told["how"][0] == "4 at once" and told["epochs"] == 24 / 4  # no lane is ever without a run that goes on


def test_each_run_of_a_cohort_has_its_share_of_the_seconds(cohort):
    """By a made-up clock, by which an epoch of four lanes takes a second, and so does each time that runs are measured."""
    _, told = cohort
    assert [run["train"] for run in told["seconds"]] == [len(run["orders"]) / 4 for run in told["together"]]
    assert [run["evaluate"] for run in told["seconds"]] == [1 / 4] * 8 + [1 / 2] * 2
    assert [run.get("compile") for run in told["seconds"]] == [10.0] + [None] * 3 + [1 / 4] * 4 + [1 / 2] * 2, (
        "on the first that is over; to begin others takes a second too"
    )


def test_records_of_runs_that_train_in_turn_tell_of_one_run_each_and_when_it_trained(cohort):
    _, told = cohort
    for timing, place in zip(told["timings"], (0, 7), strict=True):
        epochs = len(told["together"][place]["orders"])
        assert epochs <= timing["seconds"]["train"] < epochs + 0.9, (
            "a second an epoch, and the little that is told again"
        )
        times = [timing["started"], *timing["epochs_ended"], timing["measured"], timing["ended"]]
        assert len(times) == epochs + 3 and times == sorted(times)
    first, second = told["timings"]
    assert first["ended"] <= second["started"]
    assert told["read_again"] == 0, "the machine's load is known from when they trained"


def test_the_record_of_a_run_in_a_cohort_is_that_of_the_same_run_alone_but_for_rounding(cohort):
    for (same, near, steps), (its, others, its_steps) in zip(*cohort[1]["records"], strict=True):
        assert same == its and steps == its_steps
        assert_near(near, others)


def test_a_record_of_a_cohort_asks_the_device_for_all_it_tells_before_it_waits_for_any_of_it(cohort):
    assert cohort[1]["late"] == []


def assert_near(one, other):
    """That two trees of lists and dicts hold the same texts, and numbers that are the same but for rounding."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), [other[key] for key in one]
    if isinstance(one, list):
        assert len(one) == len(other)
        for each, its in zip(one, other, strict=True):
            assert_near(each, its)
    else:
        assert one == (pytest.approx(other, rel=1e-3, abs=1e-4) if isinstance(other, float) else other)


def test_records_that_are_made_side_by_side_are_those_made_one_after_another(cohort):
    assert cohort[1]["side_by_side"] == [6, True, "no space left"]


def test_half_as_many_train_at_once_where_memory_does_not_do(cohort):
    assert cohort[1]["how"][1] == "2 in turn" and cohort[1]["heard"] == 10
    assert cohort[1]["how"][2] == "4 in turn"  # lanes are those of the plan, however few runs are lacking


def test_a_training_on_jax_imports_no_tensorflow(cohort):
    assert not cohort[1]["tensorflow"]
