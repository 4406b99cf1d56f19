"""A study's statistics worked out a second time, from its records and its settings alone, by numpy and scipy and none of butfor's
own code: pairs, t tests, guards against small spreads, Holm's correction look by look, failures, interactions, the test set."""

from __future__ import annotations

import base64
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from scipy import optimize, stats

Runs = Mapping[int, float | None]  # by seed; None for a run that failed
SAME, OPEN = "no meaningful difference", "inconclusive"


@dataclass
class Effect:
    """A contrast of two arms, or of several. alone: the p of no difference before all corrections. p: of no difference (differ),
    of one as large as the margin (same), within it (beyond), and of failures (worse, better), corrected for looks; shown: for the
    other contrasts too."""

    differences: np.ndarray
    ablation: np.ndarray
    reference: np.ndarray
    seeds: int = 0
    failed: tuple[int, int] = (0, 0)
    error: float = math.nan
    p: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    alone: float = math.nan
    verdict: str = OPEN
    stopped: bool = False

    @property
    def effect(self) -> float:
        """The mean difference."""
        return float(self.differences.mean()) if len(self.differences) else math.nan

    @property
    def runs(self) -> int:
        """How many pairs there are."""
        return len(self.differences)

    def interval(self, level: float) -> tuple[float, float]:
        """The t interval at 1 - level."""
        reach = stats.t.isf(level / 2, self.runs - 1) * self.error
        return self.effect - reach, self.effect + reach

    def tests(self, margin: float | None, error: float | None = None, freedom: float | None = None) -> dict[str, float]:
        """Raw probabilities: of no difference, and against the margin."""
        freedom, error = self.runs - 1 if freedom is None else freedom, self.error if error is None else error

        def above(bound: float) -> float:
            return float(stats.t.sf((self.effect - bound) / error, freedom))

        def below(bound: float) -> float:
            return float(stats.t.cdf((self.effect - bound) / error, freedom))

        found = {"differ": 2 * min(above(0), below(0)), "same": 1.0, "beyond": 1.0}
        if margin is not None:
            found |= {
                "same": max(above(-margin), below(margin)),
                "beyond": min(1, 2 * min(above(margin), below(-margin))),
            }
        return found


def paired(ablation: Runs, reference: Runs, seeds: Iterable[int]) -> Effect:
    """Two arms by seed."""
    both = [(ablation[seed], reference[seed]) for seed in seeds]
    kept = np.array([pair for pair in both if None not in pair], float).reshape(-1, 2)
    failed = sum(one is None for one, _ in both), sum(other is None for _, other in both)
    return Effect(kept[:, 0] - kept[:, 1], kept[:, 0], kept[:, 1], len(both), failed)


def guarded(effects: Mapping[str, Effect], asked: Iterable[str], least: Callable[[Effect], float]) -> None:
    """Give effects their standard errors. least: the smallest spread for an effect's own sake; none is taken for less than 0.85
    of the median one's beside its reference's, each counted once per degree of freedom, unless it follows that more closely
    than the median one."""
    known = {name: one for name, one in effects.items() if one.runs > 2}
    shapes = {name: _shape(one) for name, one in known.items()}
    ratios = sorted(shapes[name][0] / shapes[name][1] for name, one in known.items() for _ in range(one.runs - 1))
    ratio, typical = ratios[(len(ratios) - 1) // 2], float(np.median([r for *_, r in shapes.values()]))
    skewness = np.array([stats.skew(one.ablation) for one in known.values()])
    weight = np.array([(n + 1) * (n + 3) / 6 / (n - 2) for n in (one.runs for one in known.values())])
    alike = np.mean([max(0, r) for *_, r in shapes.values()]) ** 3
    z = weight @ skewness / math.sqrt(weight.sum() * (1 + (len(known) - 1) * alike))
    assert abs(z) < 3, "runs that are skewed are judged otherwise, which is not worked out here"
    for name in asked:
        one = effects[name]
        if one.runs > 1:
            floor = least(one)
            if name in shapes and not _follows(one.runs, shapes[name][2], typical):
                floor = max(floor, 0.85 * ratio * shapes[name][1])
            one.error = max(float(one.differences.std(ddof=1)), floor) / math.sqrt(one.runs)


def _shape(one: Effect) -> tuple[float, float, float]:
    return one.differences.std(ddof=1), one.reference.std(ddof=1), float(np.corrcoef(one.ablation, one.reference)[0, 1])


def _follows(runs: int, r: float, typical: float) -> bool:
    return runs > 3 and r > 0 and math.tanh(math.atanh(r) - 3 / math.sqrt(runs - 3)) > typical


def tested(one: Effect, margin: float | None, looks: int, higher_is_better: bool = True) -> None:
    """Give an effect its probabilities, corrected for looks, and where one arm failed more often, for the tests of that."""
    times = looks * (1 if one.failed[0] == one.failed[1] else 2)
    one.p = dict.fromkeys(("differ", "same", "beyond"), 1.0)
    if one.runs > 1:
        raw = one.tests(margin)
        one.alone, one.p = raw["differ"], {kind: min(1.0, times * p) for kind, p in raw.items()}
    sides = (math.nan, math.nan)
    if one.runs > 1:
        sides = tuple(law(one.effect / one.error, one.runs - 1) for law in (stats.t.cdf, stats.t.sf))
    one.p["worse"], one.p["better"] = (
        min(1.0, looks * _by_failures(*counts, one.seeds, side))
        for counts, side in zip((one.failed, one.failed[::-1]), sides[:: 1 if higher_is_better else -1], strict=True)
    )


def _by_failures(more: int, fewer: int, runs: int, figures: float) -> float:
    p = fails_more(more, fewer, runs)
    if p == 1:
        return 1.0
    product = p * figures
    both = math.inf if math.isnan(product) else product * (1 - math.log(product))
    return min(1.0, 4 * p, 8 * both)  # a quarter and an eighth of alpha on this side


@cache
def fails_more(more: int, fewer: int, runs: int) -> float:
    """Boschloo's exact test, one-sided."""
    if more <= fewer:
        return 1.0
    return float(stats.boschloo_exact([[more, fewer], [runs - more, runs - fewer]], alternative="greater").pvalue)


def corrected(effects: Sequence[Effect], others: int = 0) -> list[dict[str, float]]:
    """Probabilities by Holm's steps over contrasts: each is the smallest level at which it is rejected. An effect leaves the
    steps when a difference and its smallness are both shown. others: contrasts that count too."""
    closing = np.array([1.0 if sum(one.failed) else max(one.p["differ"], one.p["same"]) for one in effects])

    def smallest(p: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(50):
            level = (low + high) / 2
            low, high = (low, level) if p * _still_open(closing, others, level) <= level else (level, high)
        return high

    return [{kind: smallest(p) for kind, p in one.p.items()} for one in effects]


def _still_open(closing: np.ndarray, others: int, level: float) -> int:
    """How many contrasts share a level when all have left that can."""
    count = len(closing) + others
    while (left := others + int((closing * max(count, 1) > level).sum())) < count:
        count = left
    return max(count, 1)


def verdict_of(one: Effect, p: Mapping[str, float], alpha: float, higher_is_better: bool = True) -> str:
    """A verdict by the rule of the report."""
    direction = "helps" if (one.effect > 0) == higher_is_better else "hurts"
    by_figures = SAME if p["same"] <= alpha else direction if p["differ"] <= alpha else OPEN
    if one.failed[0] > one.failed[1] and by_figures != "hurts":
        return "hurts" if p["worse"] <= alpha else OPEN
    return by_figures


def is_futile(one: Effect, margin: float | None, looks: Sequence[int], alpha: float, share: float) -> bool:
    """Whether the last look would decide nothing either."""
    if sum(one.failed) or one.runs < 2:
        return False
    shrunk = math.sqrt((one.runs - 1) / stats.chi2.isf(0.1, one.runs - 1))
    own = float(one.differences.std(ddof=1)) / math.sqrt(one.runs)
    seen = min(one.error, own) if one.runs < 4 else one.error
    if seen == 0:
        return False
    last = Effect(one.differences, one.ablation, one.reference, looks[-1])
    for moved in (-seen, 0.0, seen):
        last.differences = np.full(2, one.effect + moved)
        error = seen * math.sqrt(one.runs / looks[-1]) * shrunk
        raw = last.tests(margin, error, looks[-1] - 1)
        if min(raw["differ"], raw["same"]) * len(looks) * share <= alpha:
            return False
    return True


def more_runs(one: Effect, margin: float | None, times: float, alpha: float) -> int:
    """How many more pairs would decide, if effect and spread stay as they are."""
    for pairs in itertools.count(one.runs):
        raw = one.tests(margin, one.error * math.sqrt(one.runs / pairs), pairs - 1)
        if min(raw["differ"], raw["same"]) * times <= alpha:
            return pairs - one.runs
    raise AssertionError


def more_failing_runs(one: Effect, times: float, alpha: float) -> int:
    """How many more runs of both would decide by failures alone, by Fisher's exact test, if both fail as often as
    they did; times: of looks and ablations. A quarter of alpha is for each side."""
    often, seldom = max(one.failed), min(one.failed)
    for runs in itertools.count(one.seeds):
        counts = often * runs // one.seeds, math.ceil(seldom * runs / one.seeds)
        table = [[counts[0], counts[1]], [runs - counts[0], runs - counts[1]]]
        if stats.fisher_exact(table, alternative="greater").pvalue * times * 4 <= alpha:
            return runs - one.seeds
    raise AssertionError


def could_see(one: Effect, times: float, alpha: float) -> float:
    """The effect that as many pairs again would find with a chance of 80 %, over all that the true spread may be."""
    freedom = one.runs - 1
    bar, shares = stats.t.isf(alpha / times / 2, freedom), (np.arange(400) + 0.5) / 400
    spreads = stats.chi(freedom).ppf(shares) / math.sqrt(freedom)
    shift = optimize.brentq(
        lambda shift: stats.nct.sf(bar, freedom, shift * spreads).mean() - 0.8, 0.0, 40.0, xtol=1e-3
    )
    return float(shift) * one.error


def answers(packed: str) -> np.ndarray:
    """Which test examples a run got right."""
    count, _, bits = packed.partition(":")
    return np.unpackbits(np.frombuffer(base64.b64decode(bits), np.uint8))[: int(count)].astype(float)


def test_set_error(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """Of the mean of differences `(seeds, examples)`: the error of examples beyond what seeds make of them, that of both, and its
    degrees of freedom, by the mean squares of a two-way table."""
    d = one - other
    seeds, examples = d.shape
    of_seed, of_example = d.mean(axis=1, keepdims=True), d.mean(axis=0, keepdims=True)
    by_seed = examples * np.square(of_seed - d.mean()).sum() / (seeds - 1)
    by_example = seeds * np.square(of_example - d.mean()).sum() / (examples - 1)
    rest = np.square(d - of_seed - of_example + d.mean()).sum() / (seeds - 1) / (examples - 1)
    by_seed, by_example, rest = (each / d.size for each in (by_seed, by_example, rest))
    both = max(by_seed + by_example - rest, by_seed, by_example)
    freedom = both**2 / (by_seed**2 / (seeds - 1) + by_example**2 / (examples - 1))
    return math.sqrt(max(by_example - rest, 0)), math.sqrt(both), freedom


def signed_sum(
    cells: Mapping[Any, Runs], weights: Mapping[Any, float], seeds: Iterable[int]
) -> dict[int, float | None]:
    """A weighted sum of arms by seed."""
    return {
        seed: None
        if any(cells[c][seed] is None for c in weights)
        else sum(w * cells[c][seed] for c, w in weights.items())  # type: ignore[operator]
        for seed in seeds
    }
