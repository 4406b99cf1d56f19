"""The report's note on what is still missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from butfor.languages.phrases import phrase, stored
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
    lead = phrase(
        "**Partial.** {n} of {n_planned} planned runs are here; further looks may follow, and verdicts may change.",
        n=len(records),
        n_planned=planned,
    )
    if missing:
        lead = f"{lead} {phrase('Not trained at all yet: {arms}.', arms=', '.join(missing))}"
    reasons = [
        f"> - `{note['arm']}`, {_where(note)}: {sentence(plain(stored(note['why'])))} {phrase('Log: `{log}`', log=note['log'])}"
        for note in notes
        if note["arm"] in arms
    ]
    ended = "\n".join([f"\n>\n> {phrase('Ended without records:')}\n>", *reasons]) if reasons else ""
    return f"> {lead}{ended}"


def _where(note: dict[str, Any]) -> str:
    if note["seed"] is None:
        return str(note["look"])
    return phrase("{look}, at seed {n}", look=note["look"], n=note["seed"])
