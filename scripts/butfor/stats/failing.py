"""Runs that failed: does an arm fail more often than another?"""

from __future__ import annotations

import math
from functools import cache

# Where one arm failed more often, alpha is shared by three tests; failures may speak for either arm, so half goes to each.
FIGURES_SHARE, FAILURES_SHARE, BOTH_SHARE = 0.25, 0.5, 0.25


@cache
def p_fails_more(one: int, other: int, runs: int) -> float:
    """Boschloo's exact test, one-sided, that `one` arm fails no more often than the `other`, of so many runs each."""
    if one <= other or not runs:
        return 1.0
    from scipy.stats import boschloo_exact  # here, since it doubles the time that a stage's imports take

    return float(boschloo_exact([[one, other], [runs - one, runs - other]], alternative="greater").pvalue)


def p_worse(p_failures: float, p_figures: float) -> float:
    """That an arm is no worse than another, from the p of its failures and that of its other runs' figures, both one-sided:
    the smaller of the failures' alone, however good the other runs are, and of both together, by the product of the two
    (Fisher 1932), since they are independent. Each is divided by its share of alpha. 1 where no run failed more.
    """
    if p_failures == 1.0:
        return 1.0
    alone = p_failures / (FAILURES_SHARE / 2)
    product = p_failures * p_figures
    if math.isnan(product):
        return min(1.0, alone)
    both = product * (1 - math.log(product)) if product > 0 else 0.0
    return min(1.0, alone, both / (BOTH_SHARE / 2))
