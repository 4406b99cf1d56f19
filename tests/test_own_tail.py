"""Tails of one or a few ablations: what their runs cannot acquit themselves of, and what they show."""

import numpy as np
import pytest

from butfor import stats
from butfor.stats.own_tail import EITHER, FEW, own_tail, own_tails
from validation import at_most

pytestmark = pytest.mark.cases

LOOKS = (5, 10, 20, 30)


def left(rng, runs=30, scale=1.0):
    return scale * (1 - rng.standard_exponential(runs))


def pairs(ablation, reference):
    return stats.pair(dict(enumerate(ablation)), dict(enumerate(reference)), range(len(reference)))


def quantiles(runs, sign=1.0):
    """Runs that look exponential, with a tail to the left; their mirror image for -1."""
    return sign * np.log((np.arange(runs) + 0.5) / runs)


def even(runs, scale=1.0):
    return scale * np.linspace(-1, 1, runs)


@pytest.mark.parametrize(
    ("ablation", "reference", "side"),
    [
        (3 * quantiles(30), even(30), -1),
        (3 * quantiles(30, -1.0), even(30), 1),
        (even(30, 0.1), quantiles(30), 1),  # of differences, where it is the reference that has it
        (even(30, 0.1), quantiles(30, -1.0), -1),
        (0.1 * quantiles(30), even(30), 0),  # a tail that is short beside the reference's spread
        (even(30, 3.0), even(30), 0),
        (3 * quantiles(10), even(10), -1),
        (0.1 * quantiles(5), quantiles(5), EITHER),  # of five runs, each side may be the one
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], 0),
        ([1.0, 2.0], [1.0, 2.5], 0),
    ],
)
def test_the_side_of_a_tail_is_where_the_arm_that_spreads_more_is_skewed(ablation, reference, side):
    assert own_tail(pairs(ablation, reference)) == side


def test_where_there_are_others_enough_they_say_it():
    one = pairs(3 * quantiles(30), even(30))
    assert own_tails({str(n): one for n in range(FEW)}, {"0"}) == {}
    assert own_tails({str(n): one for n in range(FEW - 1)}, {"0"}) == {"0": -1}


def judged(rng, ablations):
    """The verdicts of a study of a few ablations, three times as wide as the reference, that lose just the margin."""
    reference = left(rng)
    arms = {str(n): left(rng, 30, 3.0) - 3.0 for n in range(ablations)}
    at_looks = {name: [pairs(arm[:n], reference[:n]) for n in LOOKS] for name, arm in arms.items()}
    return [c.verdict for c in stats.judge_pairs(at_looks, stats.Rule(3.0, LOOKS)).values()]


def test_two_wide_ablations_with_a_long_tail_are_seldom_called_the_same(monkeypatch):
    studies = 200

    def wrong():
        rng = np.random.default_rng(2)
        return np.mean([bool({"helps", "no meaningful difference"} & set(judged(rng, 2))) for _ in range(studies)])

    assert wrong() <= at_most(0.05, studies)
    monkeypatch.setattr("butfor.stats.looks.own_tails", lambda pairs, undecided: {})
    assert wrong() > at_most(0.05, studies)


def test_a_catastrophe_is_seen_at_once_and_what_is_withheld_says_so():
    reference, d = [0.0, 0.2, 0.4, 0.1, 0.3], np.array([0.5, 0.6, 0.4, 0.55, 0.52])
    found = stats.judge(
        {"a": [v - 20 * x for v, x in zip(reference, d, strict=True)]}, reference, stats.Rule(None, (5,))
    )
    assert found["a"].verdict == "hurts"
    noisy = d + np.array([-0.4, 0.3, 0.1, -0.2, 0.35])
    for sign, verdict in ((1, "helps"), (-1, "hurts")):
        arm = [v + sign * x for v, x in zip(reference, noisy, strict=True)]
        one = stats.judge({"a": arm}, reference, stats.Rule(None, (5,)))["a"]
        held = stats.contrast(pairs(arm, reference), stats.Rule(None, (5,)), tail=EITHER)
        said = stats.decide(held, 0.05)
        assert one.p_difference <= held.p_difference
        assert (said.verdict, said.remark.split(",")[0]) == ("inconclusive", f"would be “{verdict}”")
