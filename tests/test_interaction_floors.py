"""Interactions of few or equal seeds: no spread is believed that is smaller than the metric's steps or than the others'."""

import itertools

import numpy as np
import pytest

from butfor import stats

FACTORS = {name: ["off", "on"] for name in "abc"}
CELLS = list(itertools.product(*FACTORS.values()))
SEEDS = range(5)


def effects(values, rule):
    found = stats.factorial({cell: dict(enumerate(row)) for cell, row in values.items()}, FACTORS, SEEDS, rule)
    return {effect.of: effect.contrast for effect in found}


def test_figures_that_agree_to_one_test_example_are_no_certainty():
    found = effects({cell: [90.0] * 5 for cell in CELLS}, stats.Rule(2.5, (5,), resolution=2.0))
    assert found["a", "b"].error == pytest.approx(2 * 2.0 / np.sqrt(5)) and found["a",].error == pytest.approx(
        2.0 / np.sqrt(5)
    )
    assert found["a", "b"].verdict == "inconclusive"
    finer = effects({cell: [90.0] * 5 for cell in CELLS}, stats.Rule(2.5, (5,), resolution=0.02))
    assert finer["a", "b"].verdict == "no meaningful interaction"
    part = stats.leave_and_add(*[dict.fromkeys(SEEDS, 90.0)] * 4, SEEDS, stats.Rule(2.5, (5,), resolution=2.0))
    assert part.contrast.error == found["a", "b"].error


def test_an_interaction_that_few_seeds_agree_on_has_the_spread_of_the_others():
    rng = np.random.default_rng(1)
    values = {cell: 90 + rng.standard_normal(5) for cell in CELLS}
    few = np.array([0.5, -0.5, 0.5, -0.5, 0.0])
    lucky = {
        ("on", "on", c): values["on", "off", c] + values["off", "on", c] - values["off", "off", c] + few
        for c in ("off", "on")
    }
    found = effects(values | lucky, stats.Rule(1.0, (5,), resolution=0.01))
    alike, other = (found[pair] for pair in (("a", "b"), ("a", "c")))
    assert alike.error * np.sqrt(5) > 1.2 * alike.sd and other.error * np.sqrt(5) == pytest.approx(other.sd)
