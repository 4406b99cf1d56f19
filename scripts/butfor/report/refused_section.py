"""The report's note on arms without a verdict."""

from __future__ import annotations

from butfor.checks.outcomes import CheckRow
from butfor.languages.phrases import phrase, stored


def refused_section(checks: list[CheckRow]) -> str:
    """The arms that changed nothing, those whose change is not proven, and those where nothing but the figures shows it, each
    with why; nothing if there are none."""
    void = [f"`{row['arm']}`" for row in checks if row["outcome"] == "void"]
    failed = [_line(row, row["problems"]) for row in checks if row["outcome"] == "unproven"]
    notes = []
    if void:
        notes.append(
            phrase(
                "> **Void: nothing changed.** {arms}: every run went exactly as the reference's with the same seed, so what was"
                " to be changed never acted, and there is no verdict. What it sets may have no part in this model, come too late"
                " for so many epochs, or stand for what was there before: see what differs, by `butfor explain {arm}`. Give it a"
                " value that acts, or take the arm out of `ablations`; nothing else trains anew.",
                arms=", ".join(void),
                arm=void[0].strip("`"),
            )
        )
    if failed:
        lead = phrase("> **Unproven.** These arms failed their manipulation check, and have no verdict:")
        notes.append("\n".join([lead, ">", *failed]))
    unverified = [_line(row, row["reasons"]) for row in checks if row["outcome"] == "unverified"]
    if unverified:
        lead = phrase(
            "> **Unverified.** These arms have a verdict, but nothing beside their figures shows that the change took effect:"
        )
        notes.append("\n".join([lead, ">", *unverified]))
    return "\n\n".join(notes)


def _line(row: CheckRow, why: list[str]) -> str:
    return f"> - `{row['arm']}`: {'; '.join(map(stored, why))}."
