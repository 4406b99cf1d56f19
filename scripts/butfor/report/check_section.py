"""The report's section on manipulation checks."""

from __future__ import annotations

from butfor.checks.outcomes import CheckRow
from butfor.languages.phrases import phrase, stored


def check_section(checks: list[CheckRow]) -> str:
    """Per arm, what its changes moved, and what they left as it was."""
    lines = [f"| `{row['arm']}` | {stored(row['outcome'])} | {_findings(row)} |" for row in checks]
    text = phrase(
        "Per arm, from the records of its runs and its reference's, pair by pair: that their recipes differ in"
        " exactly the declared keys, what the change moved, and what it left as it was. Figures are the first run's,"
        " reference → arm. Proven: also a step of the training is the one that its recipe promises; unverified: nothing but"
        " the figures shows an effect; void: every run is the reference's; unproven: something contradicts the recipe."
    )
    return (
        f"## {phrase('What was checked')}\n\n{text}\n\n"
        f"| {phrase('arm')} | {phrase('check')} | {phrase('what it moved, and what it left')} |\n| --- | --- | --- |\n"
        + "\n".join(lines)
    )


def _findings(row: CheckRow) -> str:
    parts = [row["line"], row.get("note", ""), *(row.get("reasons", []) if row["outcome"] == "unverified" else [])]
    return "; ".join(stored(part) for part in parts if part)
