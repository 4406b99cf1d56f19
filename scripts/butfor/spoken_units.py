"""Numbers with a unit as people write them for a cluster: `2h`, `1:30`, `1-12:00:00`, `16GB`. Standard library only."""

from __future__ import annotations

import re
from typing import Any

MINUTES = {
    "s": 1 / 60,
    "sec": 1 / 60,
    "m": 1,
    "min": 1,
    "h": 60,
    "hr": 60,
    "hour": 60,
    "d": 1440,
    "day": 1440,
    "w": 10080,
}
MEGABYTES = {"k": 0.001, "m": 1, "g": 1000, "t": 1_000_000}
FEW_MEGABYTES = 500  # fewer than this is likely to be meant as gigabytes


def number(value: Any, unit: str, limit: Any = None) -> float | None:
    """What a value means as a number of `unit` (minutes, hours or megabytes); None if that is not clear.

    limit: the bound that it breaks, if it is a number already.
    """
    if unit == "megabytes" and isinstance(value, int | float) and not isinstance(value, bool):
        return value * 1000 if 0 < value < FEW_MEGABYTES and limit == FEW_MEGABYTES else None
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if unit == "megabytes":
        return _megabytes(text)
    minutes = _minutes(text) if unit in ("minutes", "hours") else None
    return minutes if minutes is None or unit == "minutes" else minutes / 60


def _minutes(text: str) -> float | None:
    """The minutes of `2h 30m` or, as Slurm has it, of `days-hours`, `days-hours:minutes` or `hours:minutes:seconds`; of two
    numbers with a colon, which may be hours or minutes, as hours and minutes."""
    clock = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d\d))?(?::(\d\d))?", text)
    if clock and (clock[1] or clock[3]):
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return ((days * 24 + hours) * 60) + minutes + seconds / 60
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text)
    if not parts or re.sub(r"(\d+(?:\.\d+)?)\s*([a-z]+)|\s", "", text):
        return None
    factors = [MINUTES.get(word) or MINUTES.get(word.removesuffix("s")) or MINUTES.get(word[:3]) for _, word in parts]
    if None in factors:
        return None
    return sum(float(count) * (factor or 0) for (count, _), factor in zip(parts, factors, strict=True))


def _megabytes(text: str) -> float | None:
    written = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt])(?:i?b)?", text)
    return float(written[1]) * MEGABYTES[written[2]] if written else None
