"""Numbers as the report, the figures and the terminal write them; a dash for one that is not known. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from butfor.study.metrics import METRICS

NONE = "–"


def signed(value: float | None, decimals: int) -> str:
    """A number with its sign."""
    if value is None or math.isnan(value):
        return NONE
    return f"{0.0 if round(value, decimals) == 0 else value:+.{decimals}f}".replace("-", "−")


def interval(low: float | None, high: float | None, decimals: int) -> str:
    """An interval by its ends."""
    if low is None or high is None:
        return NONE
    return f"[{signed(low, decimals)}, {signed(high, decimals)}]"


def effect_of(row: Mapping[str, Any]) -> str:
    """The effect of a row that has a `metric`, with as many decimals as that is given."""
    return signed(row["effect"], decimals_of(row))


def interval_of(row: Mapping[str, Any]) -> str:
    """The effect's interval."""
    return interval(row["low"], row["high"], decimals_of(row))


def decimals_of(row: Mapping[str, Any]) -> int:
    """How many decimals the row's metric is given."""
    decimals = row.get("decimals")
    return METRICS[row["metric"]].unit.decimals if decimals is None else int(decimals)  # as earlier versions wrote rows


def probability(value: float | None) -> str:
    """A probability to three decimals."""
    if value is None:
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def percent(share: float | None) -> str:
    """A share in whole percent."""
    return NONE if share is None else f"{100 * share:.0f} %"


def level(alpha: float) -> str:
    """The level of intervals and verdicts whose chance to be wrong is alpha."""
    return f"{100 * (1 - alpha):g} %"


def duration(hours: float) -> str:
    """A time in hours, minutes or seconds, whichever fits."""
    if hours >= 1:
        return f"{hours:.1f} hours"
    return f"{60 * hours:.1f} minutes" if hours >= 1 / 60 else f"{3600 * hours:.0f} s"
