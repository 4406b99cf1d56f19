"""The report's section on the planned looks."""

from __future__ import annotations

from butfor.study.metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.rows import ContrastRow, Decision
from butfor.verdicts.words import decision_in_words


def look_section(study: Study, rows: list[ContrastRow], decisions: list[Decision]) -> str:
    """What was decided after each look, and which ablations were settled when; nothing for a study with a single look."""
    if not decisions:
        return ""
    settling = judged_by(study).rows(rows)
    lines = [f"- {decision_in_words(decision)}" for decision in decisions]
    for look in study["looks"]:
        settled = [f"`{row['arm']}`" for row in settling if row["settled"] and row["planned"] == look["seen"]]
        if settled:
            lines.append(f"- Settled after {look['seen']} seeds: {', '.join(settled)}.")
    if undecided := [f"`{row['arm']}`" for row in settling if not row["settled"]]:
        lines.append(f"- Undecided: {', '.join(undecided)}.")
    return "## Looks\n\nAfter each look only undecided ablations and their references go on.\n\n" + "\n".join(lines)
