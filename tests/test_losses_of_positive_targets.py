"""Losses of Keras's that are made for targets above 0 are refused where they would see others: they trained without a word."""

import numpy as np
import pytest

from butfor.data.dataset import DataError
from butfor.data.encoded_targets import Targets
from butfor.data.suitability import check_positive
from butfor.study.data_needs import data_needs
from conftest import NEEDS, resolved


def numbers(*values):
    targets = np.array(values, np.float32).reshape(-1, 1)
    return Targets("regression", targets, targets, (1,), None, guessed=False)


def needs(of, scaling):
    return {
        **NEEDS,
        "positive": data_needs([resolved(loss={"name": "keras", "of": of}, target_scaling=scaling)])["positive"],
    }


def check(targets, needs):
    check_positive(targets, float(targets.train.min()), needs, "my.csv")


def test_only_losses_of_positive_targets_are_asked_about():
    recipes = [
        resolved(),
        resolved(loss={"name": "keras", "of": "LogCosh"}),
        *[
            resolved(loss={"name": "keras", "of": "Poisson"}, target_scaling=way)
            for way in ("none", "standard", "none")
        ],
    ]
    assert data_needs(recipes)["positive"] == [["Poisson", False], ["Poisson", True]]


@pytest.mark.parametrize("of", ["MeanSquaredLogarithmicError", "MeanAbsolutePercentageError", "Poisson"])
def test_targets_that_are_scaled_around_0_are_refused_with_what_to_write(of):
    with pytest.raises(DataError, match=r"my.csv: task regression: expected recipe.target_scaling: none with the loss"):
        check(numbers(1, 2, 3), needs(of, "standard"))
    check(numbers(0, 2, 3), needs(of, "none"))
    classes = Targets("classification", np.array([0, 1]), np.array([0, 1]), (2,), None, guessed=True)
    check(classes, needs(of, "standard"))  # which are not scaled


def test_negative_targets_are_refused_where_a_loss_has_no_meaning_for_them():
    for of in ("MeanSquaredLogarithmicError", "Poisson"):
        with pytest.raises(DataError, match=r"expected targets of 0 or more with the loss .*, received -2"):
            check(numbers(1, -2, 3), needs(of, "none"))
    check(numbers(1, -2, 3), needs("MeanAbsolutePercentageError", "none"))
