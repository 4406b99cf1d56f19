"""Contrasts to verdicts: Holm's correction over ablations, failures counted, equivalence before difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from butfor.plain_text import counted
from butfor.stats.contrast import Contrast
from butfor.stats.pairs import Values

VERDICTS = ("helps", "hurts", "no meaningful difference", "inconclusive")
MOST_MISSING = 0.2  # share of seeds without a record above which no verdict is given


def correct(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The contrasts of several ablations with each kind of probability corrected by Holm's procedure over them all.

    An ablation without a probability of its own (too few pairs) counts as 1.
    """
    difference, equivalence, failure, rescue = (
        holm(np.array([getattr(c, kind) for c in contrasts]))
        for kind in ("p_difference", "p_equivalence", "p_failure", "p_rescue")
    )
    return [
        replace(c, p_difference=float(p), p_equivalence=float(q), p_failure=float(r), p_rescue=float(s))
        for c, p, q, r, s in zip(contrasts, difference, equivalence, failure, rescue, strict=True)
    ]


def holm(p: Values) -> Values:
    """Probabilities adjusted by Holm's step-down procedure (Holm 1979); shape in = shape out, NaN counts as 1."""
    filled = np.where(np.isnan(p), 1.0, p)
    order = np.argsort(filled)
    adjusted = np.empty_like(filled)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(filled[order] * np.arange(len(filled), 0, -1)))
    return adjusted


def decide(c: Contrast, alpha: float, higher_is_better: bool = True) -> Contrast:
    """The contrast with its verdict: helps, hurts, no meaningful difference or inconclusive, and a remark.

    The verdict is about the ablation: "hurts" says that the changed recipe is worse than its reference.
    """
    verdict, remark = _by_failures(c, alpha) or _by_figures(c, alpha, higher_is_better)
    return replace(c, verdict=verdict, remark=remark)


def _by_failures(c: Contrast, alpha: float) -> tuple[str, str] | None:
    """What failed runs alone decide. Where every run of one arm failed and none of the other's, no test is asked."""
    judged, failed, of_reference = c.planned - c.missing, c.failed_ablation, c.failed_reference
    if c.missing > MOST_MISSING * c.planned:
        return "inconclusive", f"{c.missing} of {counted(c.planned, 'run')} {'is' if c.planned == 1 else 'are'} missing"
    if judged and failed == of_reference == judged:
        return "inconclusive", f"every run failed, and every run of the reference ({judged}/{judged})"
    if judged and failed == judged and (not of_reference or c.p_failure <= alpha):
        return "hurts", f"every run failed ({judged}/{judged})"
    if judged and of_reference == judged and (not failed or c.p_rescue <= alpha):
        return "helps", f"every run of the reference failed ({judged}/{judged})"
    if c.p_failure <= alpha:
        return "hurts", f"fails {failed}/{judged}"
    if c.p_rescue <= alpha:
        return "helps", f"the reference fails {of_reference}/{judged}"
    if judged and judged in (failed, of_reference):
        return "inconclusive", f"failed {failed}/{judged}, reference {of_reference}/{judged}"
    return None


def _by_figures(c: Contrast, alpha: float, higher_is_better: bool) -> tuple[str, str]:
    judged = c.planned - c.missing
    verdict, remark = _from_differences(c, alpha, higher_is_better)
    if c.failed_ablation > c.failed_reference and verdict in ("helps", "no meaningful difference"):
        return "inconclusive", f"unstable {c.failed_ablation}/{judged}"
    notes = [remark] if remark else []
    if c.failed_ablation or c.failed_reference:
        notes.append(
            f"among finished runs; failed {c.failed_ablation}/{judged}, reference {c.failed_reference}/{judged}"
        )
    if c.missing:
        notes.append(f"{judged} of {counted(c.planned, 'seed')}")
    return verdict, "; ".join(notes)


def _from_differences(c: Contrast, alpha: float, higher_is_better: bool) -> tuple[str, str]:
    if c.pairs > 1 and c.sd == 0 and c.effect == 0:
        return "no meaningful difference", "equal at every seed"
    if c.pairs < 2:
        return "inconclusive", counted(c.pairs, "finished pair")
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
