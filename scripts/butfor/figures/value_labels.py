"""Which values on an axis have labels: as many as do not touch each other."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties

from butfor.figures import hover_titles, style

LETTER, BETWEEN = 0.62, 1.5  # of the letters' size, a letter's width; letters from one label to the next


def labelled(axes: Axes, places: Mapping[float, float], first: float) -> list[float]:
    """The values whose labels have room below a panel, in their order. places: where each stands. first: the one that always has
    a label; the ends come next."""
    ordered = sorted(places)
    span = places[ordered[-1]] - places[ordered[0]] or 1.0
    size = FontProperties(size=matplotlib.rcParams["xtick.labelsize"]).get_size_in_points() * LETTER / style.POINTS
    letters = axes.get_position().width * axes.figure.get_size_inches()[0] / size  # type: ignore[union-attr]
    extents: dict[float, tuple[float, float]] = {}
    for value in dict.fromkeys((first, ordered[0], ordered[-1], *ordered)):
        middle, half = letters * places[value] / span, len(hover_titles.number(value)) / 2
        if all(abs(middle - other) >= half + other_half + BETWEEN for other, other_half in extents.values()):
            extents[value] = middle, half
    return sorted(extents)
