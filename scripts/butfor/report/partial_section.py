"""The report's note on what is still missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from butfor.plain_text import plain, sentence
from butfor.records.record import Record
from butfor.study.summary import PlanSummary


def partial_section(
    study: PlanSummary, records: list[Record], planned: int, notes: Sequence[dict[str, Any]] = ()
) -> str:
    """How many of the planned runs there are, the arms without any, and why jobs ended without records; nothing if all
    runs are there. notes: see failure_note."""
    if len(records) >= planned:
        return ""
    arms = [arm["name"] for arm in study["arms"]]
    begun = {record.arm for record in records}
    missing = [f"`{arm}`" for arm in arms if arm not in begun]
    untrained = f" Not trained at all yet: {', '.join(missing)}." if missing else ""
    here = f"{len(records)} of {planned} planned runs are here"
    reasons = [
        f"> - `{note['arm']}`, {_where(note)}: {sentence(plain(note['why']))} Log: `{note['log']}`"
        for note in notes
        if note["arm"] in arms
    ]
    ended = "\n".join(["\n>\n> Ended without records:\n>", *reasons]) if reasons else ""
    return f"> **Partial.** {here}; further looks may follow, and verdicts may change.{untrained}{ended}"


def _where(note: dict[str, Any]) -> str:
    return note["look"] if note["seed"] is None else f"{note['look']}, at seed {note['seed']}"
