"""Which contrasts are shown with their interval, those that have a verdict, and which of these bear a mark.
Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from butfor.languages.phrases import phrase
from butfor.verdicts.rows import REFUSED, ContrastRow

WIDENED = "‡"  # on an interval


def with_shown_intervals(rows: Iterable[ContrastRow]) -> list[ContrastRow]:
    """The rows, of which one that is refused a verdict has no interval: it would say how sure an effect is of what was not
    changed, or not shown to be."""
    return [row if row["verdict"] not in REFUSED else {**row, "low": None, "high": None} for row in rows]


def is_widened(row: Mapping[str, Any]) -> bool:
    """Whether the interval shows that it is wider than by the ablation's own spread."""
    return row["low"] is not None and (row.get("widened") or 1.0) >= 1.005


def with_marks(rows: Iterable[ContrastRow]) -> list[ContrastRow]:
    """The rows, of which one whose interval is wider than by its own spread has a `mark` for it, which short_note explains."""
    return [cast(ContrastRow, {**row, "mark": WIDENED}) if is_widened(row) else row for row in rows]


def short_note(text: str) -> list[str]:
    """What the mark of a wider interval says, where a text for the terminal bears one."""
    sentence = phrase(
        "{mark}: wider than by these runs' own spread, which may be small by luck; the report says more.", mark=WIDENED
    )
    return [sentence] if WIDENED in text else []
