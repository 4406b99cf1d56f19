"""One ablation against its reference on one metric: effect, interval and probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import stdtr, stdtrit

from butfor.stats.pairs import Pairs, Values

ROUNDING = 1e-9


@dataclass(frozen=True)
class Contrast:
    """Ablation minus reference on one metric: effect, interval, probabilities and the verdict they lead to.

    effect, low, high, sd, margin are in the metric's unit; `better` is the share of seeds on which the ablation won;
    `correlation` is that of the paired values over seeds. p_* are corrected over looks and, after `correct`, over
    ablations: of no difference, of one as large as the margin, of the ablation failing no more often than its reference
    and of the reference failing no more often than the ablation. `look`: how many looks the ablation has had, 0 if it
    was not judged look by look; `settled`: whether its verdict stands.
    """

    pairs: int
    planned: int
    missing: int
    failed_ablation: int
    failed_reference: int
    effect: float
    sd: float
    low: float
    high: float
    correlation: float
    better: float
    margin: float | None
    p_difference: float
    p_equivalence: float
    p_failure: float
    p_rescue: float
    verdict: str = ""
    remark: str = ""
    look: int = 0
    settled: bool = False


def contrast(pairs: Pairs, margin: float | None, looks: int, alpha: float, higher_is_better: bool = True) -> Contrast:
    """One ablation's contrast, its probabilities multiplied by the number of planned looks; no verdict yet.

    The interval is the paired t interval at 1 - alpha/looks.
    """
    d, n = pairs.differences, len(pairs.differences)
    mean = float(d.mean()) if n else float("nan")
    sd = _spread(d)
    error = sd / np.sqrt(n) if n > 1 else float("nan")
    has_interval = n > 1 and (sd > 0 or mean == 0)
    reach = float(stdtrit(n - 1, 1 - alpha / (2 * looks)) * error) if has_interval else float("nan")
    judged = pairs.planned - pairs.missing
    return Contrast(
        pairs=n,
        planned=pairs.planned,
        missing=pairs.missing,
        failed_ablation=pairs.failed_ablation,
        failed_reference=pairs.failed_reference,
        effect=mean,
        sd=sd,
        low=mean - reach,
        high=mean + reach,
        correlation=_correlation(pairs),
        better=float(((d > 0) if higher_is_better else (d < 0)).mean()) if n else float("nan"),
        margin=margin,
        p_difference=min(1.0, looks * p_difference(mean, error, n)),
        p_equivalence=min(1.0, looks * p_equivalence(mean, error, n, margin)),
        p_failure=min(1.0, looks * _p_fails_more(pairs.failed_ablation, pairs.failed_reference, judged)),
        p_rescue=min(1.0, looks * _p_fails_more(pairs.failed_reference, pairs.failed_ablation, judged)),
    )


def p_difference(mean: float, error: float, n: int) -> float:
    """Paired t test of no difference; 1 where all differences are equal, which is no evidence but a symptom."""
    if n < 2:
        return float("nan")
    return float(2 * stdtr(n - 1, -abs(mean) / error)) if error > 0 else 1.0


def p_equivalence(mean: float, error: float, n: int, margin: float | None) -> float:
    """Two one-sided t tests against ±margin (Schuirmann 1987); 1 without a margin."""
    if n < 2:
        return float("nan")
    if margin is None:
        return 1.0
    if error == 0:
        return 0.0 if mean == 0 else 1.0
    return float(max(stdtr(n - 1, -(mean + margin) / error), stdtr(n - 1, (mean - margin) / error)))


@cache
def _p_fails_more(one: int, other: int, runs: int) -> float:
    """Boschloo's exact test, one-sided, that `one` arm fails no more often than the `other`, of so many runs each."""
    if one <= other or not runs:
        return 1.0
    from scipy.stats import boschloo_exact  # here, since it doubles the time that a stage's imports take

    return float(boschloo_exact([[one, other], [runs - one, runs - other]], alternative="greater").pvalue)


def _spread(differences: Values) -> float:
    """Standard deviation; exactly 0 where the differences are equal but for rounding."""
    if len(differences) < 2:
        return float("nan")
    sd = float(differences.std(ddof=1))
    return 0.0 if sd <= ROUNDING * float(np.abs(differences).max()) else sd


def _correlation(pairs: Pairs) -> float:
    """Of the paired values over seeds; by hand, because np.corrcoef takes a third of all the time of judging."""
    if len(pairs.ablation) < 3:
        return float("nan")
    a, b = pairs.ablation - pairs.ablation.mean(), pairs.reference - pairs.reference.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return max(-1.0, min(1.0, float(a @ b) / size)) if size > 0 else float("nan")
