"""Numbers with as many decimals as their spread carries: two digits of what is usual in a column, and no more than the metric is
given anywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median

from butfor.verdicts.numbers import unlike_zero
from butfor.verdicts.rows import ArmRow, ContrastRow

UNLIKE = 2  # decimals by which one that spreads far more than the others has fewer


def decimals_by(spread: float | None, most: int) -> int:
    """How many decimals a number with this spread has, of at most so many."""
    if spread is None or not math.isfinite(spread) or spread <= 0:
        return most
    return max(0, min(most, 1 - math.floor(math.log10(spread))))


def column_decimals(spreads: Mapping[str, float | None], most: int) -> dict[str, int]:
    """How many decimals each number of a column has: all the same, but for those that spread a hundred times more."""
    known = [spread for spread in spreads.values() if spread]
    usual = decimals_by(median(known) if known else None, most)
    own = {name: decimals_by(spread, most) for name, spread in spreads.items()}
    return {name: usual if decimals > usual - UNLIKE else decimals for name, decimals in own.items()}


def half_interval(row: ContrastRow) -> float | None:
    """Half the interval of an effect."""
    return None if row["low"] is None or row["high"] is None else (row["high"] - row["low"]) / 2


def deviation(arm: ArmRow, metric: str) -> float | None:
    """The standard deviation of an arm's runs."""
    level = arm["reaches"].get(metric)
    return level["sd"] if level else None


def signed_number(value: float, decimals: int) -> str:
    """A difference, with its sign; none before a zero, which no other difference looks like."""
    decimals = unlike_zero(value, decimals)
    return f"{0.0:.{decimals}f}" if round(value, decimals) == 0 else f"{value:+.{decimals}f}"


def with_deviation(mean: float, sd: float | None, decimals: int) -> str:
    """A mean with a standard deviation, as siunitx reads both: `88.08(10)`."""
    if sd is None:
        return f"{mean:.{decimals}f}"
    return f"{mean:.{decimals}f}({round(sd * 10**decimals)})"
