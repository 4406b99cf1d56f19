"""Names of lines at their ends, in their colours, instead of a legend: none hides another."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from butfor.figures import style
from butfor.figures.style import Line
from butfor.languages.phrases import phrase

APART = 11.0  # points from one name to the next
LETTERS = 18  # of a line of a name


def name_lines(axes: Axes, lines: Mapping[str, Line], ends: Mapping[str, float]) -> None:
    """Write each name to the right of the panel, at the height where its line ends. ends: values on the axis, NaN where none is
    known. A line that ends off the scale has an arrow and its last value."""
    low, high = axes.get_ylim()
    words, heights = {}, {}
    for name in lines:
        end = ends.get(name, math.nan)
        height = _height(axes, end)
        heights[name] = min(1.0, max(0.0, height))
        words[name] = _words(name, end, "" if low <= end <= high else "↓" if end < low else "↑")
    for name, height in _spread(heights, words, axes).items():
        axes.annotate(
            words[name], (1, height), (6, 0), xycoords="axes fraction", textcoords="offset points", va="center",
            fontsize="small", color=lines[name].colour, annotation_clip=False,
        )  # fmt: skip


def _height(axes: Axes, end: float) -> float:
    """Where a value lies, from 0 at the foot of the panel to 1; at the foot where none is known or none can be drawn."""
    if math.isnan(end) or (axes.get_yscale() == "log" and end <= 0):
        return 0.0
    if math.isinf(end):
        return 1.0 if end > 0 else 0.0
    seen = axes.transData.transform((axes.get_xlim()[0], end))
    return float(axes.transAxes.inverted().transform(seen)[1])


def _words(name: str, end: float, arrow: str) -> str:
    shown = style.folded(name, LETTERS)
    if math.isnan(end):
        return f"{shown} ({phrase('no value')})"
    return f"{shown} {arrow} {end:.2g}".replace("-", "−") if arrow else shown


def _spread(heights: dict[str, float], words: dict[str, str], axes: Axes) -> dict[str, float]:
    """The heights, moved apart by as much as the names need."""
    tall = 0.9 * axes.bbox.height / axes.figure.dpi * style.POINTS  # as it will be about, arranged
    order = sorted(heights, key=lambda name: heights[name])
    needs = [APART / tall * (words[name].count("\n") + 1) for name in order]
    middles = np.cumsum(needs) - np.array(needs) / 2
    places, foot = [], -math.inf
    for name, need in zip(order, needs, strict=True):
        places.append(max(heights[name], foot + need / 2))
        foot = places[-1] + need / 2
    over = max(0.0, foot - 1.0 - APART / tall)
    lowered = np.maximum(np.array(places) - over, middles - APART / tall) if over else np.array(places)
    return dict(zip(order, map(float, lowered), strict=True))
