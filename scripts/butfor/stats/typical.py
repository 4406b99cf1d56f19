"""The typical run beside the mean: the median difference, a test that no single run decides, and where the two part."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from butfor.plain_text import counted
from butfor.stats.pairs import Pairs, Values
from butfor.stats.tails import APART, SURE

NORMAL = 1.4826  # standard deviations of a normal law in one median absolute deviation
MEDIAN_ERROR = 0.756  # the standard error of median - mean under a normal law, in standard errors of the mean
FAR = 10.0  # robust spreads from the median at which a run stands alone


@dataclass(frozen=True)
class Typical:
    """What a typical seed says: the median of the differences, in the metric's unit, and the p of the exact signed-rank test
    that they lie evenly around 0 (two-sided, corrected for nothing). note: where this and the mean say different things, or
    the ablation's runs spread unlike the reference's; empty else."""

    difference: float
    p: float
    note: str


def typical(pairs: Pairs, margin: float | None, independent: bool = True) -> Typical:
    """Of one ablation; NaN without a pair. independent: whether the runs share nothing, as folds do, which the test takes for
    granted."""
    d = pairs.differences
    if not len(d):
        return Typical(math.nan, math.nan, "")
    notes = [_disagreement(pairs, margin), _alone(pairs), _spreads(pairs)]
    return Typical(_median(d), p_signed_rank(d) if independent else math.nan, "; ".join(note for note in notes if note))


def p_signed_rank(differences: Values) -> float:
    """Exact two-sided signed-rank test (Wilcoxon 1945), equal sizes sharing their rank, zeros left out; 1 if all are 0."""
    d = differences[differences != 0]
    sizes = np.abs(d)
    ranks = (sizes[:, None] > sizes).sum(axis=1) * 2 + (sizes[:, None] == sizes).sum(axis=1) + 1  # doubled, so whole
    chances = np.ones(1)
    for rank in ranks:
        longer = np.zeros(len(chances) + rank)
        longer[: len(chances)] += chances / 2
        longer[rank:] += chances / 2
        chances = longer
    above = int(ranks[d > 0].sum())
    return min(1.0, 2 * float(min(chances[: above + 1].sum(), chances[above:].sum())))


def _disagreement(pairs: Pairs, margin: float | None) -> str:
    """Where mean and median lie on two sides of 0 or of the margin, and further apart than chance puts them."""
    d = pairs.differences
    mean, median = float(d.mean()), _median(d)
    # Of three spreads, the one that is least likely to be small by luck.
    scale = max(_spread(values) for values in (d, pairs.ablation, pairs.reference))
    two_sides = mean * median < 0 or (margin is not None and (abs(mean) < margin) != (abs(median) < margin))
    apart = abs(mean - median) > SURE * MEDIAN_ERROR * scale / math.sqrt(len(d))
    return "the mean and the typical run disagree" if two_sides and apart else ""


def _alone(pairs: Pairs) -> str:
    """Runs of either arm that lie far from all others of theirs."""
    arms = pairs.ablation, pairs.reference
    # Of few runs, most may agree by luck; then the arm that spreads less says what is usual, unless both have a run alone.
    scale = max(*map(_spread, arms), min(float(values.std()) for values in arms))
    notes = []
    for whose, values in (("its", pairs.ablation), ("the reference's", pairs.reference)):
        away = values - _median(values)
        for side, far in (("below", away < -FAR * scale), ("above", away > FAR * scale)):
            if scale > 0 and far.any():
                notes.append(f"{far.sum()} of {whose} {counted(len(values), 'run')} far {side} the rest")
    return "; ".join(notes)


def _spreads(pairs: Pairs) -> str:
    """By how much the ablation's runs spread more, or less, than the reference's, if that is more than chance."""
    if len(pairs.ablation) < 3:
        return ""
    one, other = float(pairs.ablation.std(ddof=1)), float(pairs.reference.std(ddof=1))
    if not one > 0 < other or abs(math.log(one / other)) * math.sqrt(len(pairs.ablation)) <= APART:
        return ""
    return f"its runs spread {one / other:.2g} times as wide as the reference's"


def _spread(values: Values) -> float:
    """The standard deviation of a normal law with the values' median absolute deviation."""
    return NORMAL * _median(np.abs(values - _median(values)))


def _median(values: Values) -> float:
    """As np.median gives it, in a fifth of the time."""
    in_order = np.sort(values)
    return float(in_order[(len(values) - 1) // 2] + in_order[len(values) // 2]) / 2
