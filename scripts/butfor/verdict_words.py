"""Contrasts in words: which matter most, and each in one line. Standard library only."""

from __future__ import annotations

from typing import Any


# What stands for a verdict where there can be none: the arm changed nothing, or is not proven to have changed what it says.
VOID = "void: nothing changed"
UNPROVEN = "unproven"


def most_important(rows: list[dict[str, Any]], count: int = 3) -> list[dict[str, Any]]:
    """The decided contrasts on test accuracy with the largest effects, total failures first, and what helps most
    in any case; then the others."""
    decided = [row for row in rows if row["metric"] == "test/accuracy" and row["verdict"] in ("helps", "hurts")]
    open_or_none = [row for row in rows if row["metric"] == "test/accuracy" and row not in decided]
    others = [row for row in open_or_none if row["verdict"] not in (VOID, UNPROVEN)]
    decided.sort(key=lambda row: (row["pairs"] > 0, -abs(row["effect"] or 0.0)))
    settled_first = sorted(others, key=lambda row: (row["verdict"] == "inconclusive", -abs(row["effect"] or 0.0)))
    first = (decided + settled_first)[:count]
    best = next((row for row in decided if row["verdict"] == "helps"), None)
    return first if best is None or best in first else [*first[:-1], best]


def in_words(row: dict[str, Any]) -> str:
    """A contrast in one line: what was changed, what it did, by how much."""
    remark = f" ({row['remark']})" if row["remark"] else ""
    if not row["pairs"]:
        return f"{row['arm']}: {row['verdict']}{remark}"
    interval = f" [{signed(row['low'], 2)}, {signed(row['high'], 2)}]" if row["low"] is not None else ""
    effect = f"{signed(row['effect'], 2)} {row['unit']}{interval}"
    return f"{row['arm']}: {row['verdict']}{remark}, {effect} against {row['reference']}"


def signed(value: float | None, digits: int) -> str:
    """A number with its sign, or a dash."""
    if value is not None and round(value, digits) == 0:
        value = 0.0
    return "–" if value is None or value != value else f"{value:+.{digits}f}".replace("-", "−")


def probability(value: float | None) -> str:
    """A probability to three digits, or a dash."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
