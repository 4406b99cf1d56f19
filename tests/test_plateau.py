from types import SimpleNamespace

import numpy as np
import pytest

from butfor.recipe import schedules
from butfor.recipe.plateau import Plateau

WANDERING = np.random.default_rng(5).normal(0.5, 0.1, 60).round(2).tolist()
CURVES = {
    "falling": [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3],
    "flat": [0.5] * 40,
    "falls, then stays": [1.0, 0.8, 0.6, *[0.6] * 30],
    "by exactly min_delta": [1.0 - 0.01 * epoch for epoch in range(40)],
    "wandering": WANDERING,
    "one dip": [0.9, 0.1, *[0.5] * 20, 0.05, *[0.5] * 20],
    "not a number": [0.5, float("nan"), 0.4, *[float("nan")] * 10],
    "not a number from the start": [float("nan"), *[0.5] * 10],
}
SETTINGS = [
    {},
    {"patience": 1},
    {"patience": 0},
    {"cooldown": 3},
    {"patience": 1, "cooldown": 1},
    {"min_delta": 0.01},
    {"min_delta": 0.05, "patience": 4, "cooldown": 2},
    {"min_factor": 0.01, "factor": 0.1, "patience": 1, "cooldown": 2},
    {"min_factor": 0.3},
]


def settings(**changes):
    usual = {"monitor": "loss", "factor": 0.5, "patience": 2, "min_delta": 0.0, "cooldown": 0, "min_factor": 0.0}
    return {"name": "reduce_on_plateau", **usual, **changes}


def figures(monitor, curve):
    """A curve of losses as validation figures; as accuracies it is upside down, and the other figure tells nothing."""
    other = {"loss": "accuracy", "accuracy": "loss"}[monitor]
    return [{monitor: value if monitor == "loss" else 1 - value, other: 0.0} for value in curve]


def scales(curve, rate=1.0, **changes):
    plateau = Plateau(settings(**changes), rate)
    return [plateau.after_epoch(epoch) for epoch in figures(changes.get("monitor", "loss"), curve)]


def keras_rates(curve, rate, **changes):
    """The learning rates to which Keras's own callback sets an optimiser."""
    import keras

    asked = settings(**changes)
    callback = keras.callbacks.ReduceLROnPlateau(
        asked["monitor"],
        mode={"loss": "min", "accuracy": "max"}[asked["monitor"]],
        min_lr=asked["min_factor"] * rate,
        **{name: asked[name] for name in ("factor", "patience", "min_delta", "cooldown")},
    )
    optimiser = keras.optimizers.SGD(rate)
    callback.set_model(SimpleNamespace(optimizer=optimiser))
    callback.on_train_begin()
    rates = []
    for epoch, logs in enumerate(figures(asked["monitor"], curve)):
        callback.on_epoch_end(epoch, dict(logs))
        rates.append(float(optimiser.learning_rate.numpy()))
    return rates


@pytest.mark.parametrize("changes", SETTINGS, ids=str)
@pytest.mark.parametrize(
    ("curve", "monitor"),
    [
        *((curve, "loss") for curve in CURVES),  # of accuracies, one in the short tests: it is these upside down
        *(pytest.param(curve, "accuracy", marks=[pytest.mark.long] * (curve != "wandering")) for curve in CURVES),
    ],
)
def test_the_scale_is_keras_s_learning_rate(curve, monitor, changes):
    mine = scales(CURVES[curve], monitor=monitor, **changes)
    assert mine == keras_rates(CURVES[curve], 1.0, monitor=monitor, **changes)


@pytest.mark.parametrize("changes", SETTINGS, ids=str)
def test_the_scale_is_relative_to_the_starting_rate(changes):
    mine = schedules.scaled(np.float32([0.003]), np.array(scales(WANDERING, 0.003, **changes)))
    np.testing.assert_array_equal(mine, np.float32(keras_rates(WANDERING, 0.003, **changes)))


@pytest.mark.parametrize("factor", [0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("rate", [0.0003, 0.001, 0.003, 0.01, 0.1])
def test_reduced_rates_are_keras_s_to_the_bit(rate, factor):
    changes = {"patience": 0, "factor": factor, "min_factor": 0.01}
    mine = schedules.scaled(np.float32([rate]), np.array(scales([1.0] * 9, rate, **changes)))
    np.testing.assert_array_equal(mine, np.float32(keras_rates([1.0] * 9, rate, **changes)))


def test_the_rate_halves_once_patience_epochs_brought_nothing():
    assert scales([1.0, 0.8, 0.9, 0.8, 0.7, 0.7, 0.7, 0.7]) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_counting_resumes_with_the_cooldown_s_last_epoch():
    assert scales([0.5] * 9, cooldown=1) == scales([0.5] * 9, cooldown=0)
    assert scales([0.5] * 9, cooldown=2) == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_the_scale_rests_at_its_least():
    assert scales([0.5] * 9, patience=1, min_factor=0.2)[-6:] == [float(np.float32(0.2))] * 6


@pytest.mark.parametrize("name", ["none", "cosine"])
def test_another_schedule_has_no_plateau(name):
    plateau = Plateau({"name": name}, 0.1)
    assert {plateau.after_epoch({"loss": 1.0, "accuracy": 0.0}) for _ in range(50)} == {1.0}
