"""The report's section on manipulation checks."""

from __future__ import annotations

from butfor.checks.outcomes import CheckRow


def check_section(checks: list[CheckRow]) -> str:
    """Per arm, what its changes moved, and what they left as it was."""
    lines = [f"| `{row['arm']}` | {row['outcome']} | {_said(row)} |" for row in checks]
    text = (
        "Per arm, from the records of its runs and its reference's, pair by pair: that their recipes differ in"
        " exactly the declared keys, what the change moved, and what it left as it was. Figures are the first run's,"
        " reference → arm. Proven: also a step of the training is the one that its recipe promises; unverified: nothing but"
        " the figures shows an effect; void: every run is the reference's; unproven: something contradicts the recipe."
    )
    return (
        f"## What was checked\n\n{text}\n\n| arm | check | what it moved, and what it left |\n| --- | --- | --- |\n"
        + "\n".join(lines)
    )


def _said(row: CheckRow) -> str:
    parts = [row["line"], row.get("note", ""), *(row.get("reasons", []) if row["outcome"] == "unverified" else [])]
    return "; ".join(part for part in parts if part)
