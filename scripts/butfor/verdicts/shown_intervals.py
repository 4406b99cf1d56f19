"""Which contrasts are shown with their interval: those that have a verdict. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable

from butfor.verdicts.rows import REFUSED, ContrastRow


def with_shown_intervals(rows: Iterable[ContrastRow]) -> list[ContrastRow]:
    """The rows, of which one that is refused a verdict has no interval: it would say how sure an effect is of what was not
    changed, or not shown to be."""
    return [row if row["verdict"] not in REFUSED else {**row, "low": None, "high": None} for row in rows]
