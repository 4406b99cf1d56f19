"""Marks on intervals and p, with the notes that say what they mean: each only where it occurs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from butfor import stats
from butfor.languages.phrases import phrase, term
from butfor.stats.tails import FLOOR
from butfor.study.metrics import Metric
from butfor.verdicts.numbers import interval_of
from butfor.verdicts.rows import REFUSED, ContrastRow
from butfor.verdicts.shown_intervals import WIDENED, is_widened

RAISED = "†"  # on a p
CUT = "§"  # on an interval, as WIDENED is


def marked_interval(row: ContrastRow) -> str:
    """The effect's interval, with the marks that it has."""
    return interval_of(row) + "".join(mark for mark, is_so in ((WIDENED, is_widened(row)), (CUT, is_cut(row))) if is_so)


def is_raised(row: ContrastRow) -> bool:
    """Whether the p is larger than Student's."""
    if row["effect"] is None or not row["error"] or row["freedom"] is None or row["p_raw"] is None:
        return False
    return row["p_raw"] > 1.001 * stats.Estimate(row["effect"], row["error"], row["freedom"]).p_difference()


def is_cut(row: ContrastRow) -> bool:
    """Whether the interval ends where the metric does."""
    return row["low"] is not None and bool(row.get("cut"))


def mark_notes(rows: Iterable[ContrastRow], metric: Metric, of_p: bool = True) -> list[str]:
    """A sentence for each mark that these rows bear, all on one metric. of_p: whether p are shown, too."""
    judged = [row for row in rows if row["verdict"] not in REFUSED]
    notes = []
    if of_p and any(map(is_raised, judged)):
        notes.append(
            phrase(
                "{mark}: raised above Student's t, by which the interval is, because these runs may have missed a long tail; all"
                " p of such an ablation are.",
                mark=RAISED,
            )
        )
    if wider := [row for row in judged if is_widened(row)]:
        notes.append(_widened(wider))
    if any(map(is_cut, judged)):
        notes.append(
            phrase(
                "{mark}: cut where no difference of the {metric} can lie, so that the effect is not in the middle of the"
                " interval.",
                mark=CUT,
                metric=term(metric.short),
            )
        )
    return notes


def _widened(wider: Sequence[ContrastRow]) -> str:
    return phrase(
        "{mark}: wider than by these runs' own spread (up to {times} times), because a few runs may agree by luck: no spread is"
        " taken for less than {floor} of the median ablation's, for interval and p alike.",
        mark=WIDENED,
        times=f"{max(row.get('widened') or 1.0 for row in wider):.3g}",
        floor=f"{FLOOR:g}",
    )


def uncorrected_note(rows: Iterable[ContrastRow], alpha: float) -> str:
    """What to make of an interval that leaves 0 out beside a p that is no small one; empty where there is none of these."""
    apart = [
        row
        for row in rows
        if row["verdict"] not in REFUSED
        and row["low"] is not None
        and row["high"] is not None
        and row["p_difference"] is not None
        and not row["low"] <= 0 <= row["high"]
        and row["p_difference"] > alpha
    ]
    if not apart:
        return ""
    return phrase(
        "An interval is that of its ablation alone, while p and verdict are corrected over all comparisons: so p differ may be as"
        " large as 1.000 beside an interval that leaves 0 out."
    )
