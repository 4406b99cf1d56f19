"""What lies beyond an axis of effects, told at its edge: an effect in words with an arrow, and where a bar goes on."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from butfor.languages.phrases import stored
from butfor.verdicts.numbers import effect_of, effect_with_interval
from butfor.verdicts.rows import ContrastRow

INSET = 0.01  # of the axis, of words from its edge
LEGIBLE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # behind words, which may lie across the line at 0


def tell_beyond(
    axes: Axes,
    place: int,
    row: ContrastRow,
    limits: tuple[float, float],
    colour: Any,
    higher_is_better: bool,
    room: int | None = None,
    size: str = "small",
) -> None:
    """Write an effect off the axis with its interval at the edge beside an arrow, and where none is known why. room: the letters
    that there is room for; where they are fewer than that takes, the interval is left out."""
    if row["effect"] is None:
        words, left = stored(row["remark"] or "no finished pair"), higher_is_better
        arrow = row["failed_ablation"] > row["failed_reference"]
    else:
        words, left, arrow = effect_with_interval(row), row["effect"] < limits[0], True
        words = words if room is None or len(words) <= room else effect_of(row)
    text = (f"◀ {words}" if left else f"{words} ▶") if arrow else words
    low, high = limits
    inset = INSET * (high - low)
    where, side = (low + inset, "left") if left else (high - inset, "right")
    axes.text(where, place, text, ha=side, va="center", fontsize=size, color=colour, zorder=5, bbox=LEGIBLE)


def draw_bar(axes: Axes, place: int, row: ContrastRow, limits: tuple[float, float], colour: Any) -> None:
    """An interval, if there is one, as far as the axis goes, with a mark where it goes on."""
    if row["low"] is None or row["high"] is None:
        return
    low, high = limits
    axes.plot([max(low, row["low"]), min(high, row["high"])], [place, place], color=colour, linewidth=2, zorder=3)
    for end, mark, is_cut in ((low, "<", row["low"] < low), (high, ">", row["high"] > high)):
        if is_cut:
            axes.plot(end, place, mark, color=colour, markersize=6, clip_on=False, zorder=4)
