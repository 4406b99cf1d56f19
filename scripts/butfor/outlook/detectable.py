"""What a design can see: the smallest difference that it finds in 80 % of studies, by the power of the verdicts' own tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from butfor import stats
from butfor.outlook.spreads import Spread
from butfor.stats.estimate import EITHER
from butfor.stats.own_tail import DOUBTS, FEW
from butfor.stats.power import MOST_SEEDS

# From so many runs on, the share of studies without a long tail in which the runs of one of few ablations have one reckoned
# with on the side of its effect, see stats.own_tail: the sign of either arm's skewness, and then that of the wider arm alone.
GUARDED = ((20, 0.19), (10, 0.5), (3, 0.75), (0, 0.0))
ACQUITTED = DOUBTS[0][0]  # runs by which those of few ablations tell that there is no long tail


@dataclass(frozen=True)
class Detectable:
    """At each look, by its seeds, the smallest true difference that is called real with a chance of 80 %. without_caution: the
    same if no long tail were reckoned with, where ablations are few enough for that; else none. for_margin: the seeds
    that this takes for a difference as large as the margin. for_sameness: those by which "no meaningful difference" can be
    shown of an ablation whose runs show no difference at all. Both None where no number up to ten thousand would, or without a
    margin."""

    smallest: dict[int, float]
    for_margin: int | None
    for_sameness: int | None
    without_caution: dict[int, float] = field(default_factory=dict)


def detectable(spread: Spread, rule: stats.Rule, ablations: int) -> Detectable:
    """What a study of so many ablations can see. spread: of the paired differences, in the metric's unit."""

    def smallest(seeds: int, is_cautious: bool = ablations < FEW) -> float:
        guarded = next(share for runs, share in GUARDED if seeds >= runs) if is_cautious else 0.0
        effect = stats.planned_effect(_undecided(spread.sd, seeds, rule, 0), rule, ablations, guarded)
        return math.inf if effect is None else effect

    margin = rule.margin
    return Detectable(
        {seeds: smallest(seeds) for seeds in rule.looks},
        None if margin is None else _fewest(lambda seeds: smallest(seeds) <= margin),
        None if margin is None else _same_after(spread.sd, rule, ablations),
        {seeds: smallest(seeds, is_cautious=False) for seeds in rule.looks} if ablations < FEW else {},
    )


def _undecided(sd: float, seeds: int, rule: stats.Rule, tail: int) -> stats.Contrast:
    """The contrast of an ablation whose differences have that spread, and 0 as their mean."""
    turns = np.resize([1.0, -1.0], seeds)
    differences = sd * (turns - turns.mean()) / turns.std(ddof=1)
    half = differences / math.sqrt(2)  # each arm's share, where arms are compared as independent samples
    pairs = stats.Pairs(differences, half, -half, seeds, 0, 0, 0, resolution=rule.resolution or 0.0)
    return stats.contrast(pairs, rule, tail=tail)


def _same_after(sd: float, rule: stats.Rule, ablations: int) -> int | None:
    guarded, free = (
        stats.more_seeds(replace(_undecided(sd, 2, rule, tail), effect=0.0), rule, ablations) for tail in (EITHER, 0)
    )
    if ablations < FEW and guarded is not None and 2 + guarded < ACQUITTED:
        return 2 + guarded
    return None if free is None else max(2 + free, ACQUITTED if ablations < FEW else 2)


def _fewest(suffices: Callable[[int], bool]) -> int | None:
    low, high = 2, MOST_SEEDS
    if not suffices(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle + 1, high)
    return low
