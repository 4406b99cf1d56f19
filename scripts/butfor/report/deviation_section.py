"""The report's list of what a study changed after its first run, with claims or without. Standard library only."""

from __future__ import annotations

from butfor.verdicts.rows import Assessment


def deviation_section(assessment: Assessment) -> str:
    """Every deviation from what was planned before the first run, or that there is none."""
    lines = [f"- {line}" for line in assessment["deviations"]]
    return "## Deviations from the plan\n\n" + (
        "\n".join(lines) or "Nothing that decides was changed after the first run."
    )
