"""What a contrast could have seen, and how many more seeds would decide it."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaincinv, ndtr, stdtrit

from butfor.stats.contrast import Contrast, paid_for
from butfor.stats.estimate import EITHER, Estimate
from butfor.stats.pairs import Values
from butfor.stats.rule import Rule

POWER = 0.8
MOST_SEEDS = 10_000
HIGHEST_BAR = 1e6  # standard errors
QUANTILES = 200  # of a spread, as it is seen and as it would be seen again


def smallest_effect(c: Contrast, rule: Rule, ablations: float) -> float | None:
    """The smallest true effect, in the metric's unit, that as many seeds again would call real with a chance of 80 %.

    At the strictest level that the correction may ask for. The spread that was seen is not taken for the true one: the
    chance is over all that it may be, so that 80 % is what studies find on average. None where there is no spread to go by.
    """
    if c.pairs < 2 or not c.error > 0:
        return None
    freedom, level = round(c.freedom, 1), _level(c, rule, ablations)
    guard = _guard(freedom, level) if c.tail == EITHER else 1.0
    return _shift(freedom, level) * guard * c.error


def planned_effect(c: Contrast, rule: Rule, ablations: float, guarded: float = 0.0) -> float | None:
    """The smallest true effect that studies call real with a chance of 80 % if the error of `c` is the true one, as a plan takes
    it. guarded: the share of studies in which a long tail on its side is reckoned with. None where there is no spread to go by.
    """
    if c.pairs < 2 or not c.error > 0:
        return None
    freedom, level = round(c.freedom, 1), _level(c, rule, ablations)
    bar = float(stdtrit(freedom, 1 - level / 2))
    higher = bar * (_guard(freedom, level) if guarded else 1.0)
    spreads = _spreads(freedom)

    def missed(shift: float) -> float:
        chances = (float(ndtr(shift - each * spreads).mean()) for each in (bar, higher))
        return POWER - sum(map(math.prod, zip((1 - guarded, guarded), chances, strict=True)))

    return float(brentq(missed, 0.0, higher * float(spreads[-1]) + 1, xtol=1e-4)) * c.error


def more_seeds(c: Contrast, rule: Rule, ablations: float) -> int | None:
    """How many more pairs would decide an undecided contrast if its effect and spread stay as they are.

    At the strictest level that the correction may ask for; None where no number up to ten thousand would.
    """
    if c.pairs < 2 or not c.error > 0:
        return None
    level = _level(c, rule, ablations)

    def decides(n: int) -> bool:
        wider = math.sqrt(rule.independent(c.pairs) / rule.independent(n))
        larger = Estimate(c.effect, c.error * wider, c.freedom * (n - 1) / (c.pairs - 1), c.tail)
        return min(larger.p_difference(), larger.p_equivalence(c.margin)) <= level

    low, high = c.pairs, MOST_SEEDS
    if not decides(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle + 1, high)
    return low - c.pairs


def _level(c: Contrast, rule: Rule, ablations: float) -> float:
    return rule.alpha / (paid_for(c.failed_ablation, c.failed_reference, rule) * ablations)


@cache
def _guard(freedom: float, level: float) -> float:
    """How many times as large an effect must be seen where a long tail is reckoned with on either side."""
    bar = float(stdtrit(freedom, 1 - level / 2))
    guarded = brentq(
        lambda bar: Estimate(bar, 1.0, freedom, EITHER).p_difference() - level, bar, HIGHEST_BAR, xtol=1e-3
    )
    return float(guarded) / bar


@cache
def _shift(freedom: float, level: float) -> float:
    """How many standard errors, as they were seen, a true effect must have for a two-sided t test to find it in 80 %.

    The mean over quantiles of both spreads; the chance of a rejection on the wrong side is nothing by comparison.
    """
    bar = float(stdtrit(freedom, 1 - level / 2))
    spreads = _spreads(freedom)
    seen, again = spreads[:, None], spreads[None, :]
    highest = 2 * bar / float(spreads[QUANTILES // 20])
    return float(brentq(lambda shift: float(ndtr(shift * seen - bar * again).mean()) - POWER, 0.0, highest, xtol=1e-4))


def _spreads(freedom: float) -> Values:
    """Quantiles of a spread that is seen, as shares of the true one."""
    spreads: Values = np.sqrt(2 * gammaincinv(freedom / 2, (np.arange(QUANTILES) + 0.5) / QUANTILES) / freedom)
    return spreads
