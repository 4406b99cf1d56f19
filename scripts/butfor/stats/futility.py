"""Which ablations more seeds would not decide: they stop early, so that the seeds go to the others."""

from __future__ import annotations

import math
from functools import cache

from scipy.special import chdtri

from butfor.stats.contrast import Contrast, paid_for
from butfor.stats.estimate import Estimate
from butfor.stats.rule import Rule
from butfor.stats.tails import FEWEST_RUNS

SURE = 0.1  # the chance that the true spread is smaller than what is reckoned with


def is_futile(c: Contrast, rule: Rule, share: float) -> bool:
    """Whether the last planned look would decide nothing, if the effect were any of what is seen now and one standard error
    to either side, and the spread the smallest that is likely. Of too few runs to tell whether they follow their reference, the
    spread is their own, however small: at a later look it may count as it is (see `tails`).

    share: the ablation's share of alpha, at its strictest. Never of an arm with failed runs, whose number may yet decide.
    Stopping for this can make no verdict wrong, and nothing is lost by going on all the same.
    """
    if c.failures or c.pairs < 2:
        return False
    seeds = rule.looks[-1] * c.pairs / c.planned
    seen = c.error
    if rule.paired and c.pairs < FEWEST_RUNS:
        seen = min(seen, c.sd / math.sqrt(rule.independent(c.pairs)))
    if not seen > 0:
        return False
    error = seen * math.sqrt(rule.independent(c.pairs) / rule.independent(seeds)) * _smallest_spread(c.freedom)
    level = rule.alpha * share / paid_for(0, 0, rule)
    for effect in (c.effect - seen, c.effect, c.effect + seen):
        at_last = Estimate(effect, error, c.freedom * (seeds - 1) / (c.pairs - 1), c.tail)
        if min(at_last.p_difference(), at_last.p_equivalence(c.margin)) <= level:
            return False
    return True


@cache
def _smallest_spread(freedom: float) -> float:
    """The lower end of a one-sided interval for the true spread, as a share of the one that is seen."""
    return math.sqrt(freedom / float(chdtri(freedom, SURE)))
