"""Numbers as the report, the figures and the terminal write them: as many decimals as their spread leaves a meaning, a dash for
one that is not known. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from butfor.languages.phrases import phrase
from butfor.study.metrics import METRICS

NONE = "–"
MOST_DECIMALS = 8


def signed(value: float | None, decimals: int) -> str:
    """A number with its sign; 0 has none, and no other number looks like it."""
    if value is None or math.isnan(value):
        return NONE
    decimals = unlike_zero(value, decimals)
    if round(value, decimals) == 0:
        return f"{0:.{decimals}f}"
    return f"{value:+.{decimals}f}".replace("-", "−")


def unlike_zero(value: float, decimals: int) -> int:
    """So many decimals, or the first one more that does not show as 0 a number that is not; one that `MOST_DECIMALS` do not show
    is 0 but for rounding."""
    while not round(value, decimals) and round(value, MOST_DECIMALS):
        decimals += 1
    return decimals


def interval(low: float | None, high: float | None, decimals: int) -> str:
    """An interval by its ends."""
    if low is None or high is None:
        return NONE
    return f"[{signed(low, decimals)}, {signed(high, decimals)}]"


def effect_of(row: Mapping[str, Any]) -> str:
    """The effect of a row that has a `metric`."""
    return signed(row["effect"], decimals_of(row))


def interval_of(row: Mapping[str, Any]) -> str:
    """The effect's interval."""
    return interval(row["low"], row["high"], decimals_of(row))


def effect_with_interval(row: Mapping[str, Any]) -> str:
    """The effect, and its interval if it has one."""
    return effect_of(row) if row["low"] is None else f"{effect_of(row)} {interval_of(row)}"


def decimals_of(row: Mapping[str, Any]) -> int:
    """How many decimals the numbers of a row have: as its interval leaves a meaning, or where there is none, its metric's."""
    decimals = row.get("decimals")
    usual = (
        METRICS[row["metric"]].unit.decimals if decimals is None else int(decimals)
    )  # as earlier versions wrote rows
    return within(row.get("low"), row.get("high"), usual)


def within(low: float | None, high: float | None, usual: int) -> int:
    """How many decimals suit an interval: those of half its width, and so many that no end looks like 0 that is not; `usual`
    where there is no interval."""
    if low is None or high is None or not 0 < high - low < math.inf:
        return usual
    decimals = of_spread((high - low) / 2, usual)
    return max(unlike_zero(end, decimals) for end in (low, high))


def of_spread(spread: float | None, usual: int) -> int:
    """How many decimals suit a number with such a spread: of that, two digits if `usual` decimals show them, and one in any case;
    `usual` for one that is 0 or not known."""
    if spread is None or not 0 < spread < math.inf:
        return usual
    two, one = (_showing(spread, digits) for digits in (2, 1))
    return min(two, max(usual, one), MOST_DECIMALS)


def reckoned(size: float, usual: int) -> str:
    """A size that is reckoned and not measured: two digits of it, in whole numbers too, as far as `usual` decimals show them."""
    if not 0 < size < math.inf:
        return f"{size:.{usual}f}"
    shown = float(f"{size:.1e}") if size >= 100 else size
    return f"{shown:.{of_spread(size, usual)}f}"


def _showing(spread: float, digits: int) -> int:
    """The decimals that show so many digits of a spread."""
    rounded = float(f"{spread:.{digits - 1}e}")  # since 0.0996 is shown as 0.10
    return max(digits - 1 - math.floor(math.log10(rounded)), 0)


def mean_and_sd(mean: float | None, sd: float | None, usual: int) -> str:
    """A mean ± its standard deviation, which may not be known."""
    if mean is None:
        return NONE
    decimals = of_spread(sd, usual)
    return f"{mean:.{decimals}f}" + ("" if sd is None else f" ± {sd:.{decimals}f}")


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
        return phrase("{hours} hours", hours=f"{hours:.1f}")
    if hours >= 1 / 60:
        return phrase("{minutes} minutes", minutes=f"{60 * hours:.1f}")
    return phrase("{seconds} s", seconds=f"{3600 * hours:.0f}")
