import numpy as np
import pytest

from butfor.schedules import learning_rates

STEPS = 20


def rates(epochs=150, **schedule):
    return learning_rates({"learning_rate": 0.1, "epochs": epochs, "schedule": schedule}, STEPS)


def test_no_schedule_is_constant():
    assert (rates(name="none") == np.float32(0.1)).all()


def test_step_halves_every_period():
    found = rates(epochs=5, name="step", every_epochs=2, factor=0.5)
    np.testing.assert_allclose(found[:: 2 * STEPS], [0.1, 0.05, 0.025], rtol=1e-7)
    assert found[2 * STEPS - 1] == np.float32(0.1)


def test_warm_up_rises_from_zero_and_then_falls_along_a_cosine():
    found = rates(epochs=5, name="cosine", warmup_epochs=1, decay_epochs=None, alpha=0.0)
    np.testing.assert_allclose(found[: STEPS + 1], 0.1 * np.arange(STEPS + 1) / STEPS, rtol=1e-6)
    middle = STEPS + 2 * STEPS
    np.testing.assert_allclose(found[middle], 0.05, rtol=1e-6)


def test_restarts_fall_on_epochs_10_30_70_and_150():
    found = rates(epochs=151, name="cosine_restarts", first_epochs=10, t_mul=2.0, m_mul=1.0, alpha=0.0)
    jumps = np.flatnonzero(np.diff(found) > 0) + 1
    assert (jumps / STEPS).tolist() == [10, 30, 70, 150]


@pytest.mark.parametrize(("t_mul", "m_mul", "alpha"), [(2.0, 1.0, 0.0), (1.5, 0.8, 0.01), (1.0, 0.5, 0.1)])
def test_restarts_agree_with_keras(t_mul, m_mul, alpha):
    import keras

    mine = rates(epochs=40, name="cosine_restarts", first_epochs=7, t_mul=t_mul, m_mul=m_mul, alpha=alpha)
    theirs = keras.optimizers.schedules.CosineDecayRestarts(0.1, 7 * STEPS, t_mul, m_mul, alpha)
    inside = [step for step in range(0, len(mine), 13) if step % (7 * STEPS)]
    np.testing.assert_allclose(mine[inside], [float(theirs(step)) for step in inside], rtol=2e-4, atol=1e-7)
