"""The report's section on the planned looks."""

from __future__ import annotations

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
        settled = [f"`{row['arm']}`" for row in settling if _is_settled(row) and row["planned"] == look["seen"]]
        if settled:
            lines.append(f"- Settled after {counted(look['seen'], 'seed')}: {', '.join(settled)}.")
    if undecided := [f"`{row['arm']}`" for row in settling if not _is_settled(row)]:
        lines.append(f"- Undecided: {', '.join(undecided)}.")
    return "## Looks\n\nAfter each look only undecided ablations and their references go on.\n\n" + "\n".join(lines)


def _is_settled(row: ContrastRow) -> bool:
    return row["settled"] and row["verdict"] != UNJUDGED
