"""A regression is held against the best constant answer by the loss that it was trained by, and not by another."""

import numpy as np
import pytest

from butfor.training.constant_answer import constant_answer
from butfor.training.learning import as_rows, judged_numbers
from conftest import resolved

RNG = np.random.default_rng(21)
TARGETS = RNG.gamma(1.5, 3.0, (4000, 2)) * [1.0, 20.0]
PINBALL = {"name": "pinball", "share": 0.9}
LOSSES = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh", PINBALL)


def name_of(loss):
    return loss if isinstance(loss, str) else loss["name"]


@pytest.mark.parametrize("scaling", ["standard", "none"])
@pytest.mark.parametrize("loss", LOSSES, ids=name_of)
def test_no_other_constant_loses_less(loss, scaling):
    answer = constant_answer(resolved(loss=loss, target_scaling=scaling), TARGETS)
    least = answer.losses(answer.numbers, TARGETS).mean()
    for place, step in ((0, 0.1), (1, 2.0)):
        for sign in (1, -1):
            other = answer.numbers.copy()
            other[place] += sign * step
            assert answer.losses(other, TARGETS).mean() > least


@pytest.mark.parametrize(("loss", "settings"), [("keras", {"of": "LogCosh"}), ("my_losses:skewed", {})])
def test_of_a_loss_that_only_the_engine_knows_there_is_none(loss, settings):
    recipe = {**resolved(), "loss": {"name": loss, **settings}}
    assert constant_answer(recipe, TARGETS) is None


def test_a_regression_that_is_no_better_than_the_mean_has_learnt_nothing():
    y = RNG.standard_normal((200, 1))
    constant = constant_answer(resolved(), np.array([[-1.0], [1.0]]))
    assert judged_numbers(y + 0.5, y, constant, True) == ("ok", "")
    assert judged_numbers(np.zeros_like(y), y, constant, True)[0] == "at_chance"
    assert judged_numbers(RNG.permutation(y), y, constant, True)[0] == "at_chance"
    status, reason = judged_numbers(10 * y, y, constant, True)
    assert status == "at_chance" and "by always naming the training targets' mean" in reason


def quantiles(rows, spread):
    """Targets whose spread follows from the inputs and whose mean does not, and their true 0.9 quantiles."""
    widths = np.exp(spread * RNG.standard_normal((rows, 1)))
    return widths * RNG.exponential(1.0, (rows, 1)), widths * -np.log(0.1)


def test_a_quantile_far_from_the_mean_is_judged_by_its_own_loss():
    targets, quantile = quantiles(2000, 0.3)
    squared, pinball = (constant_answer(resolved(loss=loss), targets) for loss in ("mean_squared_error", PINBALL))
    assert judged_numbers(quantile, targets, squared, True)[0] == "at_chance"
    assert judged_numbers(quantile, targets, pinball, True) == ("ok", "")
    status, reason = judged_numbers(RNG.permutation(quantile), targets, pinball, True)
    assert status == "at_chance" and "the pinball loss that it was trained by is" in reason


def test_a_quantile_that_goes_with_no_target_has_learnt_something_if_it_loses_less():
    noise, widths = RNG.standard_normal((4000, 1)), np.exp(RNG.standard_normal((4000, 1)))
    targets = widths * (noise - np.quantile(noise, 0.5)) - widths * 0.05
    upper = widths * np.quantile(noise, 0.9)
    answer = constant_answer(resolved(loss=PINBALL), targets)
    assert abs(np.corrcoef(upper.T, targets.T)[0, 1]) < 1 / 3
    assert judged_numbers(upper, targets, answer, True) == ("ok", "")
    assert judged_numbers(upper, targets, answer, False)[0] == "at_chance"


def test_by_an_unknown_loss_predictions_have_to_go_with_the_targets_only():
    targets, quantile = quantiles(2000, 0.3)
    assert judged_numbers(quantile, targets, None, True) == ("ok", "")
    status, reason = judged_numbers(RNG.permutation(quantile), targets, None, True)
    assert status == "at_chance" and reason.endswith("counts as none)")


def test_targets_of_several_axes_are_judged_number_by_number():
    images = RNG.standard_normal((300, 4, 5))
    rows, answer = as_rows(images), constant_answer(resolved(), as_rows(images))
    assert rows.shape == (300, 20)
    assert judged_numbers(as_rows(0.5 * images), rows, answer, True) == ("ok", "")
    assert judged_numbers(as_rows(RNG.permutation(images)), rows, answer, False)[0] == "at_chance"


@pytest.mark.parametrize("loss", ["auto", "mean_squared_error"])
def test_a_number_that_is_learnt_counts_beside_a_larger_one_that_is_not(loss):
    learnt, other, predicted = RNG.standard_normal((3, 400, 1))
    targets = np.hstack([learnt, 3e7 + 1e6 * other])
    predictions = np.hstack([learnt, 3e7 + 5e5 * predicted])
    scaled, plain = (constant_answer(resolved(loss=loss, target_scaling=by), targets) for by in ("standard", "none"))
    assert judged_numbers(predictions, targets, scaled, True) == ("ok", "") and not scaled.plain
    assert judged_numbers(predictions, targets, plain, True)[0] == "at_chance" and plain.plain
    status, reason = judged_numbers(5 * predictions, targets, scaled, True)
    assert status == "at_chance" and reason.startswith("mean squared error of the scaled targets ")
