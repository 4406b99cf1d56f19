import math

import numpy as np
import pytest

from butfor.recipe.schedules import SCHEDULES, learning_rates, realised

STEPS = 20
RATE = 0.1

PLATEAU = {"name": "reduce_on_plateau", "monitor": "loss", "factor": 0.3, "patience": 2}
PLATEAU |= {"min_delta": 0.0, "cooldown": 0, "min_factor": 0.0}
RESTARTS = {"name": "cosine_restarts", "first_decay": "3 epochs", "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.01}
ONE_CYCLE = {"name": "one_cycle", "rise": 0.3, "div_factor": 25.0, "final_div_factor": 1e4}
COSINE = {"name": "cosine", "decay": None, "alpha": 0.05}


def recipe(schedule, epochs=12, warmup="0 epochs"):
    return {"learning_rate": RATE, "epochs": epochs, "warmup": warmup, "schedule": schedule}


def rates(schedule, epochs=12, warmup="0 epochs", steps=STEPS):
    return learning_rates(recipe(schedule, epochs, warmup), steps)


def restarts(t):
    """RESTARTS, cycle by cycle."""
    start, length, height = 0.0, 60.0, 1.0
    while t >= start + length:
        start, length, height = start + length, length * 1.5, height * 0.8
    return 0.01 + 0.99 * height * 0.5 * (1 + math.cos(math.pi * (t - start) / length))


def one_cycle(t, length):
    """ONE_CYCLE, as straight phases bent to half cosines."""
    if t < 0.3 * length:
        return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * t / (0.3 * length))) / 2
    share = (t - 0.3 * length) / (0.7 * length)
    return 1 / 25e4 + (1 - 1 / 25e4) * (1 + math.cos(math.pi * share)) / 2


# Each schedule beside its multiplier t steps after the warm-up, which leaves `length` steps of 20 to the epoch.
CLOSED_FORMS = [
    ({"name": "none"}, lambda t, length: 1.0),
    (PLATEAU, lambda t, length: 1.0),
    ({"name": "step", "every": "2 epochs", "factor": 0.5}, lambda t, length: 0.5 ** (t // 40)),
    ({"name": "step", "every": "2.5 steps", "factor": 0.9}, lambda t, length: 0.9 ** (t // 2.5)),
    (
        {"name": "piecewise", "boundaries": ["2 epochs", "90 steps"], "factors": [1.0, 0.3, 0.7]},
        lambda t, length: 1.0 if t < 40 else 0.3 if t < 90 else 0.7,
    ),
    ({"name": "piecewise", "boundaries": [], "factors": [0.6]}, lambda t, length: 0.6),
    ({"name": "exponential", "decay": "30 steps", "factor": 0.7}, lambda t, length: math.exp(math.log(0.7) * t / 30)),
    ({"name": "inverse_time", "decay": "1 epochs", "rate": 0.4}, lambda t, length: 20 / (20 + 0.4 * t)),
    (
        {"name": "polynomial", "decay": "5 epochs", "power": 2.0, "alpha": 0.1},
        lambda t, length: 0.1 + 0.9 * (1 - t / 100) ** 2 if t < 100 else 0.1,
    ),
    (
        {"name": "polynomial", "decay": None, "power": 0.5, "alpha": 0.0},
        lambda t, length: math.sqrt(1 - t / length),
    ),
    (
        {"name": "cosine", "decay": "90.5 steps", "alpha": 0.2},
        lambda t, length: 0.2 + 0.5 * (1 - 0.2) * (1 + math.cos(math.pi * t / 90.5)) if t < 90.5 else 0.2,
    ),
    (COSINE, lambda t, length: 0.05 + 0.5 * (1 - 0.05) * (1 + math.cos(math.pi * t / length))),
    (RESTARTS, lambda t, length: restarts(t)),
    (ONE_CYCLE, one_cycle),
]


@pytest.mark.parametrize(("warmup", "warm_steps"), [("0 epochs", 0), ("2 epochs", 40), ("0.625 epochs", 12.5)])
@pytest.mark.parametrize(
    ("schedule", "multiplier"), CLOSED_FORMS, ids=[schedule["name"] for schedule, _ in CLOSED_FORMS]
)
def test_every_schedule_is_its_closed_form_after_any_warm_up(schedule, multiplier, warmup, warm_steps):
    length = 240 - warm_steps
    expected = [
        RATE * (multiplier(t - warm_steps, length) if t >= warm_steps else multiplier(0, length) * t / warm_steps)
        for t in range(240)
    ]
    found = rates(schedule, warmup=warmup)
    assert found.dtype == np.float32 and found.shape == (240,)
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=1e-7)


def test_every_schedule_has_a_closed_form_here():
    assert {schedule["name"] for schedule, _ in CLOSED_FORMS} == set(SCHEDULES)


@pytest.mark.parametrize("warmup", ["12 epochs", "239.5 steps", "30 epochs"])
@pytest.mark.parametrize(
    ("schedule", "multiplier"), CLOSED_FORMS, ids=[schedule["name"] for schedule, _ in CLOSED_FORMS]
)
def test_a_warm_up_as_long_as_the_training_is_just_the_rise(schedule, multiplier, warmup):
    steps = {"12 epochs": 240, "239.5 steps": 239.5, "30 epochs": 600}[warmup]
    expected = [RATE * multiplier(0, 1) * t / steps for t in range(240)]
    np.testing.assert_allclose(rates(schedule, warmup=warmup).astype(np.float64), expected, rtol=1e-7)


def test_a_cosine_falls_from_its_highest_to_its_lowest_rate():
    highest, lowest, length = RATE, 0.05 * RATE, 12 * STEPS
    found = rates(COSINE)
    expected = [lowest + 0.5 * (highest - lowest) * (1 + math.cos(math.pi * t / length)) for t in range(length)]
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=1e-7)


@pytest.mark.parametrize("name", ["cosine", "polynomial"])
def test_after_its_decay_a_schedule_stays_at_alpha(name):
    found = rates({"name": name, "decay": "5 epochs", "power": 2.0, "alpha": 0.25})
    assert (found[5 * STEPS :] == np.float32(0.025)).all() and (found[: 5 * STEPS] > np.float32(0.025)).all()


def test_restarts_fall_on_epochs_10_30_70_and_150():
    found = rates(RESTARTS | {"first_decay": "10 epochs", "t_mul": 2.0, "m_mul": 1.0}, epochs=151)
    jumps = np.flatnonzero(np.diff(found) > 0) + 1
    assert (jumps / STEPS).tolist() == [10, 30, 70, 150]
    assert (found[jumps] == np.float32(RATE)).all()


def test_one_cycle_starts_low_peaks_at_the_rate_and_ends_lower_still():
    found = rates(ONE_CYCLE, epochs=100)
    peak = 30 * STEPS
    assert found[0] == np.float32(RATE / 25) and found[peak] == np.float32(RATE)
    assert (np.diff(found[: peak + 1]) > 0).all() and (np.diff(found[peak:]) < 0).all()
    assert RATE / 25e4 < found[-1] < RATE / 25e4 * 2


@pytest.mark.parametrize(("rise", "first", "last"), [(0.0, RATE, 0.0), (1.0, RATE / 25, RATE)])
def test_one_cycle_may_only_fall_or_only_rise(rise, first, last):
    found = rates(ONE_CYCLE | {"rise": rise}, epochs=100)
    np.testing.assert_allclose(found[[0, -1]], [first, last], rtol=1e-5, atol=1e-6)
    assert (np.sign(np.diff(found)) == (1 if rise else -1)).all()


IN_EPOCHS = [
    {"name": "step", "every": "0.35 epochs", "factor": 0.5},
    {"name": "piecewise", "boundaries": ["1 epochs", "2.05 epochs"], "factors": [0.1, 1.0, 0.2]},
    {"name": "exponential", "decay": "0.35 epochs", "factor": 0.5},
    {"name": "inverse_time", "decay": "0.35 epochs", "rate": 0.5},
    {"name": "polynomial", "decay": "2.05 epochs", "power": 3.0, "alpha": 0.1},
    {"name": "cosine", "decay": "2.05 epochs", "alpha": 0.1},
    {"name": "cosine_restarts", "first_decay": "0.35 epochs", "t_mul": 1.0, "m_mul": 0.9, "alpha": 0.0},
]


def as_steps(setting):
    """A setting whose every duration in epochs is written in steps."""
    if isinstance(setting, list):
        return [as_steps(one) for one in setting]
    if isinstance(setting, str) and setting.endswith(" epochs"):
        return f"{round(float(setting.split()[0]) * STEPS)} steps"
    return setting


@pytest.mark.parametrize("schedule", IN_EPOCHS, ids=lambda schedule: schedule["name"])
def test_a_schedule_in_steps_is_the_same_one_in_epochs(schedule):
    in_steps = {name: as_steps(setting) for name, setting in schedule.items()}
    assert in_steps != schedule
    found = rates(schedule, warmup="1.15 epochs")
    assert len(set(found[50:].tolist())) > 1
    np.testing.assert_array_equal(found, rates(in_steps, warmup="23 steps"))


@pytest.mark.parametrize("tenths", range(1, 60))
def test_a_boundary_on_a_step_belongs_to_that_step_whatever_the_rounding(tenths):
    since = [10 * t - 8 for t in range(1, 30)]  # tenths of steps since a warm-up of 0.8 steps
    expected = [RATE * 0.9 ** (ten // tenths) for ten in since]
    every, ends = f"{tenths / 10} steps", range(tenths, 300, tenths)
    piecewise = {"name": "piecewise", "boundaries": [f"{end / 10} steps" for end in ends]}
    piecewise["factors"] = [0.9**passed for passed in range(len(ends) + 1)]
    for schedule in ({"name": "step", "every": every, "factor": 0.9}, piecewise):
        found = rates(schedule, epochs=1, steps=30, warmup="0.8 steps")[1:]
        np.testing.assert_allclose(found.astype(np.float64), expected, rtol=1e-7)
    restarting = RESTARTS | {"first_decay": every, "t_mul": 1.0, "m_mul": 0.9, "alpha": 0.0}
    found = rates(restarting, epochs=1, steps=30, warmup="0.8 steps")[1:]
    starts = [place for place, ten in enumerate(since) if ten % tenths == 0]
    np.testing.assert_allclose(found[starts], np.array(expected)[starts], rtol=1e-6)


@pytest.mark.parametrize(("t_mul", "m_mul", "alpha"), [(2.0, 1.0, 0.0), (1.5, 0.8, 0.01), (1.0, 0.5, 0.1)])
def test_restarts_agree_with_keras(t_mul, m_mul, alpha):
    import keras

    schedule = {"name": "cosine_restarts", "first_decay": "7 epochs", "t_mul": t_mul, "m_mul": m_mul, "alpha": alpha}
    theirs = keras.optimizers.schedules.CosineDecayRestarts(RATE, 7 * STEPS, t_mul, m_mul, alpha)
    inside = [step for step in range(0, 40 * STEPS, 13) if step % (7 * STEPS)]
    agree(rates(schedule, epochs=40), theirs, inside)


def agree(mine, theirs, steps):
    """Equal but for Keras's single precision."""
    np.testing.assert_allclose(mine[steps], [float(theirs(step)) for step in steps], rtol=2e-4, atol=1e-7)


def test_decays_agree_with_keras():
    from keras.optimizers import schedules

    steps = list(range(0, 240, 7))
    agree(
        rates({"name": "exponential", "decay": "2 epochs", "factor": 0.6}),
        schedules.ExponentialDecay(RATE, 2 * STEPS, 0.6),
        steps,
    )
    agree(
        rates({"name": "inverse_time", "decay": "2 epochs", "rate": 0.6}),
        schedules.InverseTimeDecay(RATE, 2 * STEPS, 0.6),
        steps,
    )
    agree(
        rates({"name": "polynomial", "decay": "8 epochs", "power": 1.5, "alpha": 0.2}),
        schedules.PolynomialDecay(RATE, 8 * STEPS, 0.2 * RATE, power=1.5),
        steps,
    )


@pytest.mark.parametrize("warmup", [0, 3])
def test_cosines_after_a_warm_up_agree_with_keras(warmup):
    from keras.optimizers import schedules

    if warmup:
        theirs = schedules.CosineDecay(0.0, 8 * STEPS, 0.2, warmup_target=RATE, warmup_steps=warmup * STEPS)
    else:
        theirs = schedules.CosineDecay(RATE, 8 * STEPS, 0.2)
    mine = rates({"name": "cosine", "decay": "8 epochs", "alpha": 0.2}, warmup=f"{warmup} epochs")
    agree(mine, theirs, list(range(0, 240, 7)))


LOSSES = [1.0, 0.8, 0.9, 0.9, 0.7, 0.7, 0.7]


def test_the_realised_rates_have_the_plateau_s_reductions():
    validation = [{"loss": loss, "accuracy": 0.0} for loss in LOSSES]
    found = realised(recipe(PLATEAU, warmup="0.5 epochs"), STEPS, validation)
    scale = np.float32(0.3)
    assert found.dtype == np.float32 and found.shape == (7 * STEPS,)
    by_epoch = found[STEPS // 2 :: STEPS].tolist()
    assert by_epoch == [np.float32(RATE)] * 4 + [np.float32(RATE) * scale] * 3
    np.testing.assert_allclose(found[: STEPS // 2], RATE * np.arange(10) / 10, rtol=1e-6)
    longer = realised(recipe(PLATEAU), STEPS, [*validation, {"loss": 0.9, "accuracy": 1.0}])
    assert longer[7 * STEPS] == np.float32(RATE) * np.float32(float(scale) * 0.3)


def test_a_reduction_comes_between_two_epochs():
    found = realised(recipe(PLATEAU), STEPS, [{"loss": loss, "accuracy": 0.0} for loss in LOSSES])
    assert np.flatnonzero(np.diff(found)).tolist() == [4 * STEPS - 1]


@pytest.mark.parametrize("epochs", [0, 7, 12])
def test_without_a_plateau_the_realised_rates_are_the_schedule_s(epochs):
    found = realised(recipe(COSINE), STEPS, [{"loss": 1.0, "accuracy": 0.0}] * epochs)
    np.testing.assert_array_equal(found, rates(COSINE)[: epochs * STEPS])
    assert found.dtype == np.float32
