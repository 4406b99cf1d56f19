"""Contrasts to verdicts: failures counted, equivalence before difference."""

from __future__ import annotations

from dataclasses import replace

from butfor.missing_pairs import pairs_missing, too_few_pairs
from butfor.plain_text import counted
from butfor.stats.contrast import Contrast

VERDICTS = ("helps", "hurts", "no meaningful difference", "inconclusive")
MISSED = "may have missed a long tail"
WITHHELD = "would be “{verdict}”, but {runs} " + MISSED


def decide(c: Contrast, alpha: float, higher_is_better: bool = True) -> Contrast:
    """The contrast with its verdict: helps, hurts, no meaningful difference or inconclusive, and a remark.

    The verdict is about the ablation: "hurts" says that the changed recipe is worse than its reference.
    """
    verdict, remark = _without_figures(c) or _by_failures(c, alpha, higher_is_better)
    return replace(c, verdict=verdict, remark=remark)


def _without_figures(c: Contrast) -> tuple[str, str] | None:
    """What nothing can be said of."""
    judged = c.planned - c.missing
    if too_few_pairs(c.missing, c.planned):
        return "inconclusive", pairs_missing(c.missing, c.planned)
    if judged and c.failed_ablation == c.failed_reference == judged:
        return "inconclusive", f"every run failed, and every run of the reference ({judged}/{judged})"
    return None


def _by_failures(c: Contrast, alpha: float, higher_is_better: bool) -> tuple[str, str]:
    """The verdict that the figures give; where failures and figures together say more, that."""
    judged, failed, of_reference = c.planned - c.missing, c.failed_ablation, c.failed_reference
    by_figures = _by_figures(c, alpha, higher_is_better)
    worse = c.effect < 0 if higher_is_better else c.effect > 0
    if c.p_failure <= alpha and by_figures[0] != "hurts":
        also = ", and its other runs are worse" if c.pairs and worse else ""
        return (
            "hurts",
            f"every run failed ({failed}/{judged})" if failed == judged else f"fails {failed}/{judged}{also}",
        )
    if c.p_rescue <= alpha and by_figures[0] != "helps":
        also = ", and its other runs are worse" if c.pairs and not worse else ""
        every = f"every run of the reference failed ({of_reference}/{judged})"
        return "helps", every if of_reference == judged else f"the reference fails {of_reference}/{judged}{also}"
    return by_figures


def _by_figures(c: Contrast, alpha: float, higher_is_better: bool) -> tuple[str, str]:
    """What the runs that finished say; nothing good of the arm that failed more often."""
    judged = c.planned - c.missing
    if judged and judged in (c.failed_ablation, c.failed_reference):
        return "inconclusive", f"failed {c.failed_ablation}/{judged}, reference {c.failed_reference}/{judged}"
    verdict, remark = _from_differences(c, alpha, higher_is_better)
    if c.failed_ablation > c.failed_reference and verdict in ("helps", "no meaningful difference"):
        return "inconclusive", f"unstable {c.failed_ablation}/{judged}"
    if c.failed_reference > c.failed_ablation and verdict in ("hurts", "no meaningful difference"):
        return "inconclusive", f"the reference is unstable {c.failed_reference}/{judged}"
    notes = [remark] if remark else []
    if c.failures:
        notes.append(
            f"among finished runs; failed {c.failed_ablation}/{judged}, reference {c.failed_reference}/{judged}"
        )
    if c.missing:
        notes.append(f"{judged} of {counted(c.planned, 'seed')}")
    return verdict, "; ".join(notes)


def _from_differences(c: Contrast, alpha: float, higher_is_better: bool) -> tuple[str, str]:
    if c.pairs < 2:
        return "inconclusive", counted(c.pairs, "finished pair")
    if c.error == 0:
        return "inconclusive", "every run has the same figure"
    equal = "equal in every pair" if c.sd == 0 == c.effect else ""
    real = c.p_difference <= alpha
    if c.p_equivalence <= alpha:
        return "no meaningful difference", "tiny but real" if real else equal
    if not real:
        return "inconclusive", _withheld(c, alpha, higher_is_better) or equal
    verdict = _direction(c, higher_is_better)
    return verdict, "by at least the margin" if c.p_beyond <= alpha else ""


def _direction(c: Contrast, higher_is_better: bool) -> str:
    return "helps" if (c.effect > 0) == higher_is_better else "hurts"


def _withheld(c: Contrast, alpha: float, higher_is_better: bool) -> str:
    """What Student's t would say where a tail may have been missed; empty where that is nothing either."""
    if not c.tail:
        return ""
    one, student = c.estimate, replace(c.estimate, tail=0)
    same = student.p_equivalence(c.margin), one.p_equivalence(c.margin), c.p_equivalence
    differ = student.p_difference(), one.p_difference(), c.p_difference
    for verdict, (by_student, by_tail, corrected) in (
        ("no meaningful difference", same),
        (_direction(c, higher_is_better), differ),
    ):
        if by_student * corrected <= alpha * by_tail and corrected < 1:
            return WITHHELD.format(verdict=verdict, runs=counted(c.pairs, "run"))
    return ""
