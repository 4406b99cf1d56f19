"""Claims beyond a verdict: an effect against a bound, a failure rate against another. For what was claimed before the data."""

from __future__ import annotations

import math

from scipy.special import bdtr, bdtrc

from butfor.stats.contrast import Contrast


def p_above(c: Contrast, bound: float, looks: int) -> float:
    """One-sided t test that the effect is no larger than `bound`, in the metric's unit, times the planned looks; NaN with
    fewer than two pairs."""
    p = looks * c.estimate.p_above(bound)
    return p if math.isnan(p) else min(1.0, p)


def p_below(c: Contrast, bound: float, looks: int) -> float:
    """The mirror of `p_above`: that the effect is no smaller than `bound`."""
    p = looks * c.estimate.p_below(bound)
    return p if math.isnan(p) else min(1.0, p)


def p_outside(c: Contrast, margin: float, looks: int) -> float:
    """That the effect lies within ±`margin`: the smaller p of the two sides, doubled, because either would do."""
    return min(1.0, 2 * min(p_above(c, margin, looks), p_below(c, -margin, looks)))


def p_fails_above(failed: int, runs: int, rate: float, looks: int) -> float:
    """Exact one-sided binomial test that an arm fails in no more than the share `rate` of its runs, times the planned
    looks. NaN without runs."""
    at_least = float(bdtrc(failed - 1, runs, rate)) if failed else 1.0
    return min(1.0, looks * at_least) if runs else math.nan


def p_fails_below(failed: int, runs: int, rate: float, looks: int) -> float:
    """The mirror of `p_fails_above`: that it fails in at least that share."""
    return min(1.0, looks * float(bdtr(failed, runs, rate))) if runs else math.nan
