import math
import re

import pytest

from butfor.recipe.durations import canonical, in_steps


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("2 epochs", "2 epochs"),
        ("1 epoch", "1 epochs"),
        ("0.50  epochs ", "0.5 epochs"),
        ("500 steps", "500 steps"),
        ("1 step", "1 steps"),
        ("1e3 steps", "1000 steps"),
        ("1e-5 epochs", "1e-05 epochs"),
        ("3", "3 epochs"),
        (3, "3 epochs"),
        (3.0, "3 epochs"),
        (0.25, "0.25 epochs"),
        (0, "0 epochs"),
        (1e16, "10000000000000000 epochs"),
    ],
)
def test_a_duration_has_one_spelling(written, spelling):
    assert canonical(written) == canonical(spelling) == spelling


WORDS = ["", "epochs", "two epochs", "2 weeks", "2 epochs 3 steps", "1/3 epochs", "1_000 steps", "-1 epochs", "nan"]


@pytest.mark.parametrize("written", [*WORDS, "inf steps", "1e999 steps", -1, math.nan, math.inf, True, None, [2]])
def test_anything_else_is_refused_in_words(written):
    words = f"expected a duration, e.g. `2 epochs` or `500 steps`, received `{written}`"
    with pytest.raises(ValueError, match=re.escape(words)):
        canonical(written)


@pytest.mark.parametrize(
    ("duration", "steps"),
    [("2 epochs", 200), ("0.5 epochs", 50), ("0.005 epochs", 0.5), ("30 steps", 30), ("0 epochs", 0)],
)
def test_an_epoch_is_its_steps_and_a_step_is_a_step(duration, steps):
    assert in_steps(duration, 100) == steps


def test_a_fraction_of_an_epoch_that_is_a_whole_number_of_steps_is_exactly_that():
    assert 0.07 * 100 != 7
    assert all(in_steps(f"{step / 100} epochs", 100) == step for step in range(1000))
