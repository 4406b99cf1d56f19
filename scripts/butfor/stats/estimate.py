"""An effect with its standard error, and the t tests that both lead to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from butfor.stats.pairs import Pairs, Values
from butfor.stats.rule import Rule
from butfor.stats.tails import p_exceeds

EITHER = 2  # a tail that may be on either side
ROUNDING = 1e-9  # steps between values smaller than this share of them are those of rounding


@dataclass(frozen=True)
class Estimate:
    """A mean difference, its standard error and the error's degrees of freedom, in the metric's unit; NaN where unknown.

    tail: -1 where runs have a long tail towards small values, so that means tend to be seen too high, +1 the reverse, EITHER
    where nobody knows, else 0.
    """

    effect: float
    error: float
    freedom: float
    tail: int = 0

    def p_above(self, bound: float) -> float:
        """One-sided t test that the effect is no larger than `bound`; NaN without an error, 1 where there is no spread."""
        if math.isnan(self.error):
            return math.nan
        if self.error == 0:
            return 1.0
        t = (self.effect - bound) / self.error
        student = float(stdtr(self.freedom, -t))
        return max(student, p_exceeds(t, round(self.freedom) + 1)) if self.tail in (-1, EITHER) else student

    def p_below(self, bound: float) -> float:
        """The mirror of `p_above`: that the effect is no smaller than `bound`."""
        mirrored = self.tail if self.tail == EITHER else -self.tail
        return Estimate(-self.effect, self.error, self.freedom, mirrored).p_above(-bound)

    def p_difference(self) -> float:
        """Two-sided t test of no difference."""
        return min(1.0, 2 * min(self.p_above(0.0), self.p_below(0.0)))

    def p_equivalence(self, margin: float | None) -> float:
        """Two one-sided t tests against ±margin (Schuirmann 1987); 1 without a margin."""
        return 1.0 if margin is None else max(self.p_above(-margin), self.p_below(margin))

    def p_beyond(self, margin: float | None) -> float:
        """That the effect lies within ±margin: the smaller p of the two sides, doubled, because either would do."""
        return 1.0 if margin is None else min(1.0, 2 * min(self.p_above(margin), self.p_below(-margin)))

    def interval(self, level: float) -> tuple[float, float]:
        """The t interval at 1 - level; NaN where there is no spread to go by."""
        reach = float(stdtrit(self.freedom, 1 - level / 2)) * self.error if self.error > 0 else math.nan
        return self.effect - reach, self.effect + reach


def paired(pairs: Pairs, rule: Rule) -> Estimate:
    """Of the mean over the seeds' differences. Their spread is at least one step of the metric."""
    d, n = pairs.differences, len(pairs.differences)
    if not n:
        return Estimate(math.nan, math.nan, math.nan)
    error = spread(d, step(pairs, rule.resolution)) / math.sqrt(rule.independent(n))
    return Estimate(float(d.mean()), error, n - 1)


def unpaired(pairs: Pairs, rule: Rule) -> Estimate:
    """Of the difference of the two arms' means, as independent samples (Welch 1947)."""
    n, floor = len(pairs.differences), step(pairs, rule.resolution) / math.sqrt(2)
    if n < 2:
        return Estimate(float(pairs.differences.mean()) if n else math.nan, math.nan, math.nan)
    if len(pairs.more_ablation) + len(pairs.more_reference):
        return _of_unequal_samples(pairs, floor)
    runs = rule.independent(n)
    one, other = spread(pairs.ablation, floor) ** 2 / runs, spread(pairs.reference, floor) ** 2 / runs
    freedom = (n - 1) * (one + other) ** 2 / (one**2 + other**2) if one + other else n - 1
    return Estimate(float(pairs.differences.mean()), math.sqrt(one + other), freedom)


def _of_unequal_samples(pairs: Pairs, floor: float) -> Estimate:
    """The same where one arm has more runs than the other."""
    a, b = np.append(pairs.ablation, pairs.more_ablation), np.append(pairs.reference, pairs.more_reference)
    one, other = spread(a, floor) ** 2 / len(a), spread(b, floor) ** 2 / len(b)
    each = one**2 / (len(a) - 1) + other**2 / (len(b) - 1)
    freedom = (one + other) ** 2 / each if one + other else len(a) + len(b) - 2
    return Estimate(float(a.mean() - b.mean()), math.sqrt(one + other), freedom)


def spread(values: Values, floor: float) -> float:
    """Standard deviation, at least `floor`; NaN of fewer than two values."""
    return max(floor, float(values.std(ddof=1))) if len(values) > 1 else math.nan


def step(pairs: Pairs, resolution: float | None) -> float:
    """The metric's resolution; if that is not given, the smallest step between the two arms' values, 0 if all are equal.

    Figures that agree more closely than a metric can tell are no evidence of a spread of 0.
    """
    if (own := resolution if pairs.resolution is None else pairs.resolution) is not None:
        return own
    values = np.sort(np.concatenate([pairs.ablation, pairs.reference]))
    steps = np.diff(values)
    real = steps[steps > ROUNDING * np.abs(values).max(initial=0.0)]
    return float(real.min(initial=math.inf)) if len(real) else 0.0


def pairing_cost(pairs: Pairs, rule: Rule) -> float:
    """How much wider a 95 % interval is for pairing by seed than it would be without, as a share; negative where pairing
    narrows it, which takes runs of one seed that have something in common. NaN with fewer than two pairs."""
    with_pairs, without = (kind(pairs, rule).interval(0.05) for kind in (paired, unpaired))
    return (with_pairs[1] - with_pairs[0]) / (without[1] - without[0]) - 1
