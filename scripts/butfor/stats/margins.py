"""Claims beyond a verdict: an effect against a bound, failures against a half. For what was claimed before the data."""

from __future__ import annotations

import math

from scipy.special import bdtr, stdtr

from butfor.stats.contrast import Contrast


def p_above(c: Contrast, bound: float, looks: int) -> float:
    """Paired one-sided t test that the effect is no larger than `bound`, in the metric's unit, times the planned looks.

    Where every difference is 0 there is nothing to estimate: 0 or 1. Where all are equal otherwise, 1: that is no
    evidence but a symptom. NaN with fewer than two pairs.
    """
    if c.pairs < 2:
        return math.nan
    if c.sd == 0:
        return 0.0 if c.effect == 0 > bound else 1.0
    return min(1.0, looks * float(stdtr(c.pairs - 1, -(c.effect - bound) * math.sqrt(c.pairs) / c.sd)))


def p_below(c: Contrast, bound: float, looks: int) -> float:
    """The mirror of `p_above`: that the effect is no smaller than `bound`."""
    if c.pairs < 2:
        return math.nan
    if c.sd == 0:
        return 0.0 if c.effect == 0 < bound else 1.0
    return min(1.0, looks * float(stdtr(c.pairs - 1, (c.effect - bound) * math.sqrt(c.pairs) / c.sd)))


def p_outside(c: Contrast, margin: float, looks: int) -> float:
    """That the effect lies within ±`margin`: the smaller p of the two sides, doubled, because either would do."""
    return min(1.0, 2 * min(p_above(c, margin, looks), p_below(c, -margin, looks)))


def p_mostly_finishes(failed: int, runs: int, looks: int) -> float:
    """Exact binomial test that an arm fails in at least half of its runs, times the planned looks."""
    return min(1.0, looks * float(bdtr(failed, runs, 0.5))) if runs else math.nan
