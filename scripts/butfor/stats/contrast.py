"""One ablation against its reference on one metric: effect, interval and probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from butfor.stats.estimate import ROUNDING, Estimate, paired, unpaired
from butfor.stats.failing import FIGURES_SHARE, p_fails_more, p_worse
from butfor.stats.pairs import Pairs
from butfor.stats.rule import Rule

KINDS = ("p_difference", "p_equivalence", "p_beyond", "p_failure", "p_rescue")


@dataclass(frozen=True)
class Contrast:
    """Ablation minus reference on one metric: effect, interval, probabilities and the verdict they lead to.

    effect, error (its standard error, of `freedom` degrees), low, high, sd, margin are in the metric's unit; `tail`: the side
    on which runs have a long tail (stats.Estimate); `better` is the share of seeds on which the ablation won; `correlation`
    is that of the paired values over seeds. p_* are corrected over looks and, after `correct`, over ablations: of no
    difference; of one as large as the margin; of one within the margin; of the ablation being no worse than its reference in
    how often it fails and in what its other runs reach; and of the reference being no worse so. `look`: how many looks the
    ablation has had, 0 if it was not judged look by look; `settled`: whether its verdict stands, or no planned look can give
    it one.
    """

    pairs: int
    planned: int
    missing: int
    failed_ablation: int
    failed_reference: int
    effect: float
    error: float
    freedom: float
    tail: int
    sd: float
    low: float
    high: float
    correlation: float
    better: float
    margin: float | None
    p_difference: float
    p_equivalence: float
    p_beyond: float
    p_failure: float
    p_rescue: float
    verdict: str = ""
    remark: str = ""
    look: int = 0
    settled: bool = False

    @property
    def estimate(self) -> Estimate:
        """The effect with its error."""
        return Estimate(self.effect, self.error, self.freedom, self.tail)

    @property
    def failures(self) -> int:
        """How many runs failed, of both arms."""
        return self.failed_ablation + self.failed_reference


def contrast(pairs: Pairs, rule: Rule, floor: float = 0.0, tail: int = 0) -> Contrast:
    """One ablation's contrast, its probabilities corrected for the number of planned looks and, where one arm failed more
    often, for the tests that are then asked; no verdict yet.

    floor: the smallest spread of differences to reckon with. tail: which way the runs have a long tail (see `tails` for both).
    The interval is the t interval at 1 - alpha/looks.
    """
    d, n = pairs.differences, len(pairs.differences)
    margin = rule.margin if pairs.margin is None else pairs.margin
    estimate = (paired if rule.paired else unpaired)(pairs, rule)
    least = floor / math.sqrt(rule.independent(n)) if n > 1 else math.nan
    estimate = replace(estimate, error=max(estimate.error, least) if n > 1 else estimate.error, tail=tail)
    low, high = estimate.interval(rule.alpha / len(rule.looks))
    times = paid_for(pairs.failed_ablation, pairs.failed_reference, rule)
    worse, better = _p_by_failures(pairs, estimate, rule)
    return Contrast(
        pairs=n,
        planned=pairs.planned,
        missing=pairs.missing,
        failed_ablation=pairs.failed_ablation,
        failed_reference=pairs.failed_reference,
        effect=estimate.effect,
        error=estimate.error,
        freedom=estimate.freedom,
        tail=tail,
        sd=float(d.std(ddof=1)) if n > 1 else math.nan,
        low=low,
        high=high,
        correlation=_correlation(pairs),
        better=float(((d > 0) if rule.higher_is_better else (d < 0)).mean()) if n else math.nan,
        margin=margin,
        p_difference=min(1.0, times * estimate.p_difference()),
        p_equivalence=min(1.0, times * estimate.p_equivalence(margin)),
        p_beyond=min(1.0, times * estimate.p_beyond(margin)),
        p_failure=min(1.0, len(rule.looks) * worse),
        p_rescue=min(1.0, len(rule.looks) * better),
    )


def widened(c: Contrast, pairs: Pairs, rule: Rule) -> float | None:
    """How many times as wide as by its own runs' spread an ablation's interval is, where others' spreads have made it wider
    (see `tails`); else None."""
    own = (paired if rule.paired else unpaired)(pairs, rule).error
    return c.error / own if 0 < own * (1 + ROUNDING) < c.error else None


def paid_for(failed_ablation: int, failed_reference: int, rule: Rule) -> float:
    """What a two-sided probability is multiplied by for the looks and, where one arm failed more often, for the failures.

    Then the other runs' figures have their share of alpha, and count on one side only: nothing good is said of that arm.
    """
    return len(rule.looks) * (1.0 if failed_ablation == failed_reference else 0.5 / FIGURES_SHARE)


def _p_by_failures(pairs: Pairs, estimate: Estimate, rule: Rule) -> tuple[float, float]:
    """That the ablation is no worse than its reference, and the reverse, by failures and the figures of other runs."""
    more, fewer = fails_more(pairs.failed_ablation, pairs.failed_reference, pairs.planned - pairs.missing, rule)
    sides = (estimate.p_below(0.0), estimate.p_above(0.0))
    lower, higher = sides if rule.higher_is_better else sides[::-1]
    return (
        p_worse(more, lower),
        p_worse(fewer, higher),
    )


def fails_more(failed: int, of_reference: int, judged: int, rule: Rule) -> tuple[float, float]:
    """The probabilities that an ablation fails no more often than its reference, and the reverse, of so many runs of each."""
    runs = rule.independent_of(judged, judged)

    def no_more(one: int, other: int) -> float:
        return p_fails_more(
            rule.independent_of(one, judged), min(rule.independent_of(other, judged, up=True), runs), runs
        )

    return no_more(failed, of_reference), no_more(of_reference, failed)


def _correlation(pairs: Pairs) -> float:
    """Of the paired values over seeds; by hand, because np.corrcoef takes a third of all the time of judging."""
    if len(pairs.ablation) < 3:
        return math.nan
    a, b = pairs.ablation - pairs.ablation.mean(), pairs.reference - pairs.reference.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return max(-1.0, min(1.0, float(a @ b) / size)) if size > 0 else math.nan
