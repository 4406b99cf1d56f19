"""The report's list of what a study changed after its first run, with claims or without. Standard library only."""

from __future__ import annotations

from butfor.languages.phrases import phrase, stored
from butfor.verdicts.rows import Assessment


def deviation_section(assessment: Assessment) -> str:
    """Every deviation from what was planned before the first run, or that there is none; and reasons that were given later."""
    departures = [*assessment["deviations"], *assessment.get("reasons", [])]
    none = [] if assessment["deviations"] else [phrase("Nothing that decides was changed after the first run.")]
    lines = "\n".join(f"- {stored(line)}" for line in departures)
    return "\n\n".join([f"## {phrase('Deviations from the plan')}", *none, *([lines] if lines else [])])
