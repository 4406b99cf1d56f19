"""What a contrast could have seen, and how many more seeds would decide it."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaincinv, ndtr, stdtrit

from butfor.stats.contrast import Contrast, p_difference, p_equivalence
from butfor.stats.looks import Rule

POWER = 0.8
MOST_SEEDS = 10_000


def smallest_effect(c: Contrast, rule: Rule, ablations: int) -> float | None:
    """The smallest true effect, in the metric's unit, that would be called real with a chance of 80 %.

    For the contrast's pairs and spread, at the strictest level that Holm's procedure may ask for; None where there is
    no spread to go by.
    """
    if c.pairs < 2 or not c.sd > 0:
        return None
    shift = _noncentrality(c.pairs, rule.alpha / (len(rule.looks) * ablations))
    return shift * c.sd / math.sqrt(c.pairs)


@cache
def _noncentrality(pairs: int, level: float) -> float:
    """Where a two-sided paired t test has the power asked for, as the mean of its numerator in standard errors.

    The mean over 10 000 quantiles of the observed spread, since SciPy's noncentral t gives NaN for two pairs; the chance
    of a rejection on the wrong side is nothing by comparison.
    """
    freedom, bar = pairs - 1, float(stdtrit(pairs - 1, 1 - level / 2))
    spreads = np.sqrt(2 * gammaincinv(freedom / 2, (np.arange(10_000) + 0.5) / 10_000) / freedom)
    return float(brentq(lambda shift: float(ndtr(shift - bar * spreads).mean()) - POWER, 0.0, 10 * bar))


def more_seeds(c: Contrast, rule: Rule, ablations: int) -> int | None:
    """How many more pairs would decide an undecided contrast if its effect and spread stay as they are.

    At the strictest level that Holm's procedure may ask for; None where no number up to ten thousand would.
    """
    if c.pairs < 2 or not c.sd > 0:
        return None
    level = rule.alpha / (len(rule.looks) * ablations)

    def decides(n: int) -> bool:
        error = c.sd / math.sqrt(n)
        return min(p_difference(c.effect, error, n), p_equivalence(c.effect, error, n, c.margin)) <= level

    low, high = c.pairs, MOST_SEEDS
    if not decides(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle + 1, high)
    return low - c.pairs
