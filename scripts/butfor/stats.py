"""Paired contrasts and verdicts: numbers in, numbers out.

The rule: paired t and TOST on the per-seed differences, Bonferroni over the planned looks, Holm over the study's
ablations, failed runs judged by their counts (Boschloo). It is simulated to put a wrong verdict into under 5 % of
reports, where five seeds at 5 % each do so in about one of four.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats
from statsmodels.stats.multitest import multipletests

Values = npt.NDArray[np.float64]
MOST_MISSING = 0.2  # share of seeds without a record above which no verdict is given
ROUNDING = 1e-9


@dataclass(frozen=True)
class Pairs:
    """What two arms' seeds say: differences (ablation minus reference) where both finished, and how many failed.

    differences: by seed, shape `(pairs,)`. planned: seeds per arm. failed_*: runs that ended without a usable model.
    missing: seeds for which one of the two runs has left no record.
    """

    differences: Values
    ablation: Values
    reference: Values
    planned: int
    failed_ablation: int
    failed_reference: int
    missing: int


@dataclass(frozen=True)
class Contrast:
    """Ablation minus reference on one metric: effect, interval, probabilities and the verdict they lead to.

    effect, low, high, sd, margin are in the metric's unit; `better` is the share of seeds on which the ablation won;
    `correlation` is that of the paired values over seeds. p_* are corrected over looks and, after `correct`, ablations.
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
    verdict: str = ""
    remark: str = ""


def pair(ablation: Mapping[int, float | None], reference: Mapping[int, float | None], seeds: Sequence[int]) -> Pairs:
    """Pair two arms by seed. A value is None where the run failed; a seed without an entry is missing."""
    present = [seed for seed in seeds if seed in ablation and seed in reference]
    finished = [seed for seed in present if ablation[seed] is not None and reference[seed] is not None]
    a = np.array([ablation[seed] for seed in finished], np.float64)
    b = np.array([reference[seed] for seed in finished], np.float64)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("pair: expected finite values, and None for a failed run; received NaN or infinity.")
    return Pairs(
        differences=a - b,
        ablation=a,
        reference=b,
        planned=len(seeds),
        failed_ablation=sum(ablation[seed] is None for seed in present),
        failed_reference=sum(reference[seed] is None for seed in present),
        missing=len(seeds) - len(present),
    )


def contrast(pairs: Pairs, margin: float | None, looks: int, alpha: float, higher_is_better: bool = True) -> Contrast:
    """One ablation's contrast, its probabilities multiplied by the number of planned looks; no verdict yet."""
    d, n = pairs.differences, len(pairs.differences)
    mean = float(d.mean()) if n else float("nan")
    sd = _spread(d)
    error = sd / np.sqrt(n) if n > 1 else float("nan")
    spread = n > 1 and (sd > 0 or mean == 0)
    reach = float(stats.t.ppf(1 - alpha / (2 * looks), n - 1) * error) if spread else float("nan")
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
        p_difference=min(1.0, looks * _p_difference(mean, error, n)),
        p_equivalence=min(1.0, looks * _p_equivalence(mean, error, n, margin)),
        p_failure=min(1.0, looks * _p_failure(pairs)),
    )


def correct(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The contrasts of a study's ablations with each kind of probability corrected by Holm's procedure over them all.

    An ablation without a probability of its own (too few pairs) counts as 1.
    """
    if not contrasts:
        return []

    def holm(values: list[float]) -> list[float]:
        return [float(p) for p in multipletests(np.nan_to_num(values, nan=1.0), method="holm")[1]]

    differences = holm([c.p_difference for c in contrasts])
    equivalences = holm([c.p_equivalence for c in contrasts])
    failures = holm([c.p_failure for c in contrasts])
    return [
        replace(c, p_difference=p, p_equivalence=q, p_failure=r)
        for c, p, q, r in zip(contrasts, differences, equivalences, failures, strict=True)
    ]


def decide(c: Contrast, alpha: float, higher_is_better: bool = True) -> Contrast:
    """The contrast with its verdict: helps, hurts, no meaningful difference or inconclusive, and a remark.

    The verdict is about the ablation: "hurts" says that the changed recipe is worse than its reference.
    """
    judged = c.planned - c.missing
    if c.missing > MOST_MISSING * c.planned:
        return replace(c, verdict="inconclusive", remark=f"{c.missing} of {c.planned} runs are missing")
    if judged and c.failed_ablation == judged:
        return replace(c, verdict="hurts", remark=f"every run failed ({judged}/{judged})")
    if c.p_failure <= alpha:
        return replace(c, verdict="hurts", remark=f"fails {c.failed_ablation}/{judged}")
    verdict, remark = _from_differences(c, alpha, higher_is_better)
    if c.failed_ablation > c.failed_reference and verdict in ("helps", "no meaningful difference"):
        return replace(c, verdict="inconclusive", remark=f"unstable {c.failed_ablation}/{judged}")
    notes = [remark] if remark else []
    if c.failed_ablation or c.failed_reference:
        notes.append(
            f"among finished runs; failed {c.failed_ablation}/{judged}, reference {c.failed_reference}/{judged}"
        )
    if c.missing:
        notes.append(f"{judged} of {c.planned} seeds")
    return replace(c, verdict=verdict, remark="; ".join(notes))


def _from_differences(c: Contrast, alpha: float, higher_is_better: bool) -> tuple[str, str]:
    if c.pairs >= 1 and c.sd == 0 and c.effect == 0:
        return "no meaningful difference", "identical"
    if c.pairs < 2:
        return "inconclusive", f"{c.pairs} finished pairs"
    if c.sd == 0:
        doubt = ": look for a mistake" if c.pairs > 2 else ""
        return "inconclusive", f"the same difference at every seed{doubt}"
    real = c.p_difference <= alpha
    if c.p_equivalence <= alpha:
        return "no meaningful difference", "tiny but real" if real else ""
    if not real:
        return "inconclusive", ""
    verdict = "helps" if (c.effect > 0) == higher_is_better else "hurts"
    clear = c.margin is not None and min(abs(c.low), abs(c.high)) >= c.margin and c.low * c.high > 0
    return verdict, "by at least the margin" if clear else ""


def _p_difference(mean: float, error: float, n: int) -> float:
    """Paired t test of no difference; 1 where all differences are equal, which is no evidence but a symptom."""
    if n < 2:
        return float("nan")
    return float(2 * stats.t.sf(abs(mean) / error, n - 1)) if error > 0 else 1.0


def _p_equivalence(mean: float, error: float, n: int, margin: float | None) -> float:
    """Two one-sided t tests against ±margin (Schuirmann 1987); 1 without a margin."""
    if n < 2:
        return float("nan")
    if margin is None:
        return 1.0
    if error == 0:
        return 0.0 if mean == 0 else 1.0
    return float(max(stats.t.sf((mean + margin) / error, n - 1), stats.t.cdf((mean - margin) / error, n - 1)))


def _p_failure(pairs: Pairs) -> float:
    """Boschloo's exact test, one-sided, that the ablation fails no more often than its reference."""
    n = pairs.planned - pairs.missing
    a, b = pairs.failed_ablation, pairs.failed_reference
    if a <= b or not n:
        return 1.0
    return float(stats.boschloo_exact([[a, b], [n - a, n - b]], alternative="greater").pvalue)


def _spread(differences: Values) -> float:
    """Standard deviation; exactly 0 where the differences are equal but for rounding."""
    if len(differences) < 2:
        return float("nan")
    sd = float(differences.std(ddof=1))
    return 0.0 if sd <= ROUNDING * float(np.abs(differences).max()) else sd


def _correlation(pairs: Pairs) -> float:
    a, b = pairs.ablation, pairs.reference
    if len(a) < 3 or a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
