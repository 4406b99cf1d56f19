"""Names beside points: each where it hides no point and no other name, or none at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from butfor.figures import style
from butfor.text_width import width

LETTER, LINE = 4.9, 10.0  # points, of a name
AWAY = 4.0  # of a name from its point
SIDES = (
    (1, 1),
    (1, -1),
    (-1, 1),
    (-1, -1),
    (1, 0),
    (-1, 0),
    (0, 1),
    (0, -1),
)  # right and up, in the order of preference

Box = tuple[float, float, float, float]


def name_points(
    axes: Axes,
    names: Mapping[str, tuple[float, float]],
    colours: Mapping[str, str],
    points: Sequence[tuple[float, float]],
) -> None:
    """Write as many of the names as there is room for, the first ones first. points: all that must not be hidden."""
    to_points = style.POINTS / axes.figure.dpi
    seen = axes.transData.transform(np.array(points, float).reshape(-1, 2)) * to_points
    taken: list[Box] = [(x - 4, y - 4, x + 4, y + 4) for x, y in seen]
    left, foot, right, top = np.array(axes.bbox.extents) * to_points
    for name, place in names.items():
        x, y = axes.transData.transform(place) * to_points
        for side in SIDES:
            box = _box(x, y, name, side)
            inside = left <= box[0] and box[2] <= right and foot <= box[1] and box[3] <= top
            if inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                axes.annotate(
                    name, place, (side[0] * AWAY, side[1] * AWAY), textcoords="offset points", fontsize="small",
                    color=colours[name], ha=("right", "center", "left")[side[0] + 1],
                    va=("top", "center", "bottom")[side[1] + 1],
                )  # fmt: skip
                break


def _box(x: float, y: float, name: str, side: tuple[int, int]) -> Box:
    wide = LETTER * width(name)
    start = x + AWAY * side[0] + {1: 0.0, 0: -wide / 2, -1: -wide}[side[0]]
    foot = y + AWAY * side[1] + {1: 0.0, 0: -LINE / 2, -1: -LINE}[side[1]]
    return start, foot, start + wide, foot + LINE


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
