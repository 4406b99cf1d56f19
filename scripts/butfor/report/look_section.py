"""The report's section on the planned looks."""

from __future__ import annotations

from butfor.languages.phrases import phrase
from butfor.plain_text import counted
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.decision import Decision
from butfor.verdicts.rows import UNJUDGED, ContrastRow
from butfor.verdicts.words import decision_in_words


def look_section(study: Study, rows: list[ContrastRow], decisions: list[Decision]) -> str:
    """What was decided after each look, and which ablations were settled when; nothing for a study with a single look."""
    if not decisions:
        return ""
    settling = judged_by(study).rows(rows)
    lines = [f"- {decision_in_words(decision)}" for decision in decisions]
    for look in study["looks"]:
        ended = [row for row in settling if _is_settled(row) and row["planned"] == look["seen"]]
        seeds = counted(look["seen"], "seed")
        if settled := [f"`{row['arm']}`" for row in ended if row["verdict"] != "inconclusive"]:
            lines.append(phrase("- Settled after {seeds}: {arms}.", seeds=seeds, arms=", ".join(settled)))
        if stopped := [f"`{row['arm']}`" for row in ended if row["verdict"] == "inconclusive"]:
            lines.append(phrase("- Stopped undecided after {seeds}: {arms}.", seeds=seeds, arms=", ".join(stopped)))
    if undecided := [f"`{row['arm']}`" for row in settling if not _is_settled(row)]:
        lines.append(phrase("- Undecided: {arms}.", arms=", ".join(undecided)))
    note = phrase("After each look only undecided ablations and their references go on.")
    return f"## {phrase('Looks')}\n\n{note}\n\n" + "\n".join(lines)


def _is_settled(row: ContrastRow) -> bool:
    return row["settled"] and row["verdict"] != UNJUDGED
