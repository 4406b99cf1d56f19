"""What mattered, by how much: effects ranked by size, with what can be said of each rank."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from butfor.stats.contrast import Contrast
from butfor.stats.failing import p_fails_more
from butfor.stats.rule import Rule

Interval = tuple[float, float]


@dataclass(frozen=True)
class Sized:
    """An item and its size: the largest absolute effect of its contrasts, infinite where it makes runs fail.

    largest: the contrast with that effect; low, high: this effect's interval, and size_low, size_high that of the size,
    all simultaneous over the ranking.
    """

    item: str
    largest: str
    effect: float
    low: float
    high: float
    size: float
    size_low: float
    size_high: float


@dataclass(frozen=True)
class Ranked(Sized):
    """An item with its place by size, and the places that the intervals leave open."""

    rank: int
    rank_low: int
    rank_high: int


def ranking(items: Mapping[str, Mapping[str, Contrast]], rule: Rule) -> list[Ranked]:
    """Items by falling size, each given its judged contrasts by name (the levels at which a part was varied).

    The t intervals of the M contrasts (`rule.others` count too) at 1 - alpha/(K M) hold together at 1 - alpha, over
    all K looks, and so do the intervals of the sizes that follow from them. An item's rank is then at least 1 + the
    number of items whose interval lies wholly above its own, and at most the number of items less those wholly below:
    all ranks at once lie within with a chance of at least 1 - alpha (Klein, Wright and Wieczorek 2020, JRSS C 69:589;
    Mogstad, Romano, Shaikh and Wilhelm 2024, Review of Economic Studies 91:476, who narrow it by pairwise
    differences). A contrast decided by its failures counts as larger than any effect; one of which too little is
    known may have any size.
    """
    count = sum(map(len, items.values())) + rule.others
    level = rule.alpha / (len(rule.looks) * count) if count else rule.alpha
    sized = [_sized(item, contrasts, level, rule.alpha) for item, contrasts in items.items()]
    sizes, lows, highs = (
        sorted(getattr(one, end) for one in sized) for end in ("size", "size_low", "size_high")
    )  # in which a place is found by halving, since there may be thousands of items
    ranked = [
        Ranked(
            **vars(one),
            rank=1 + len(sized) - bisect_right(sizes, one.size),
            rank_low=1 + len(sized) - bisect_right(lows, one.size_high),
            rank_high=len(sized) - bisect_left(highs, one.size_low),
        )
        for one in sized
    ]
    return sorted(ranked, key=lambda item: item.rank)


def decided_by_failures(c: Contrast, alpha: float) -> bool:
    """Whether a verdict rests on how often runs failed, not on the figures of those that finished."""
    if c.verdict not in ("helps", "hurts") or min(c.p_failure, c.p_rescue) > alpha:
        return False
    more, fewer = max(c.failed_ablation, c.failed_reference), min(c.failed_ablation, c.failed_reference)
    return p_fails_more(more, fewer, c.planned - c.missing) <= alpha


def _sized(item: str, contrasts: Mapping[str, Contrast], level: float, alpha: float) -> Sized:
    """An item with its size; a maximum lies between the largest of the lower ends and the largest of the upper ones."""
    sizes = {name: _size(c, alpha) for name, c in contrasts.items()}
    largest = max(sizes, key=lambda name: sizes[name])
    intervals = {name: c.estimate.interval(level) for name, c in contrasts.items()}
    ends = [_interval_of_size(intervals[name], math.isinf(sizes[name])) for name in contrasts]
    size_low, size_high = max(low for low, _ in ends), max(high for _, high in ends)
    return Sized(item, largest, contrasts[largest].effect, *intervals[largest], sizes[largest], size_low, size_high)


def _size(c: Contrast, alpha: float) -> float:
    """The effect's size; below any other where it is not known."""
    if decided_by_failures(c, alpha):
        return math.inf
    return abs(c.effect) if c.pairs else -1.0


def _interval_of_size(interval: Interval, fails: bool) -> Interval:
    low, high = interval
    if fails:
        return math.inf, math.inf
    if math.isnan(low):
        return 0.0, math.inf
    return max(0.0, low, -high), max(-low, high)
