"""Names beside points: each where it hides no point, no other name and no line to one, or at the end of a line where there is no
room beside its point."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from butfor.figures import style

AWAY = 4.0  # points, of a name from its point
APART, BETWEEN = 6.0, 3.0  # of a name from the middle of another point, and from another name beside it
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
RINGS = (13.0, 20.0, 29.0, 40.0, 53.0, 68.0)  # points, of names at the end of a line
NEAR_RINGS = 4  # that names have: numbers, which need less room, have all
DIRECTIONS = 16
SAME = 0.5  # points, up to which two points are one

Box = tuple[float, float, float, float]
Spot = tuple[float, float]
Line = tuple[Spot, Spot]


class PointName(NamedTuple):
    """The words beside a point, where that is on the axes, and their colour."""

    words: str
    place: Spot
    colour: str


class Offset(NamedTuple):
    """Where words go: right of and above their point, which side of them faces it, and whether a line leads there."""

    x: float
    y: float
    side: tuple[int, int]
    led: bool


class PointNames:
    """The names of a panel's points, on axes that have their place in the figure and their limits. points: all that must not be
    hidden. line: the corners of one that names had better not lie on."""

    def __init__(self, axes: Axes, points: Sequence[Spot], line: Sequence[Spot] = ()) -> None:
        self._axes, self._scale = axes, style.POINTS / axes.figure.dpi
        self._points = [self._seen(point) for point in points]
        corners = [self._seen(corner) for corner in line]
        self._drawn = list(itertools.pairwise(corners))
        self._names: list[Box] = []
        self._lines: list[Line] = []
        left, foot, right, top = (float(end) for end in np.array(axes.bbox.extents) * self._scale)
        self._inside: Box = left, foot, right, top

    def write(self, name: PointName, size: float | str, is_number: bool = False) -> bool:
        """Write a name as near to its point as there is room; False if there is none. A number goes further, and its line may
        cross what others may not."""
        x, y = self._seen(name.place)
        wide, tall = self._size(name.words, size)
        others = [_around(point) for point in self._points if math.dist(point, (x, y)) > SAME]
        beside = [Offset(side[0] * AWAY, side[1] * AWAY, side, led=False) for side in SIDES]
        led = list(_led(len(RINGS) if is_number else NEAR_RINGS))
        avoided: tuple[list[Line], ...] = (self._drawn, [])
        for drawn, offset in itertools.product(avoided, (*beside, *led)):
            box = _box(x + offset.x, y + offset.y, wide, tall, offset.side)
            line = ((x, y), (x + offset.x, y + offset.y))
            if self._is_free(box, others, drawn) and (is_number or not (offset.led and self._crosses(line, others))):
                self._names.append(box)
                self._lines += [line] if offset.led else []
                self._draw(name, offset, size)
                return True
        return False

    def _seen(self, place: Spot) -> Spot:
        x, y = self._axes.transData.transform(place) * self._scale
        return float(x), float(y)

    def _size(self, words: str, size: float | str) -> Spot:
        text = self._axes.text(0, 0, words, fontsize=size)
        drawn = text.get_window_extent()
        text.remove()
        return drawn.width * self._scale + BETWEEN, drawn.height * self._scale

    def _is_free(self, box: Box, points: Sequence[Box], drawn: Sequence[Line]) -> bool:
        left, foot, right, top = self._inside
        inside = left <= box[0] and box[2] <= right and foot <= box[1] and box[3] <= top
        hidden = any(_meet(box, other) for other in (*points, *self._names))
        return inside and not hidden and not any(_passes(line, box) for line in (*self._lines, *drawn))

    def _crosses(self, line: Line, points: Sequence[Box]) -> bool:
        """Whether a line to a name would cross another one, a name, or a point that it does not start from."""
        x, y = line[0]
        boxes = [box for box in points if not (box[0] < x < box[2] and box[1] < y < box[3])] + self._names
        return any(_passes(line, box) for box in boxes) or any(_meet_on_the_way(line, other) for other in self._lines)

    def _draw(self, name: PointName, offset: Offset, size: float | str) -> None:
        line = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 0.0, "shrinkB": 3.0}
        text = self._axes.annotate(
            name.words, name.place, (offset.x, offset.y), textcoords="offset points", fontsize=size, color=name.colour,
            ha=("right", "center", "left")[offset.side[0] + 1], va=("top", "center", "bottom")[offset.side[1] + 1],
            arrowprops=line if offset.led else None, zorder=6,
        )  # fmt: skip
        text.set_path_effects([withStroke(linewidth=1.5, foreground="white")])


def _around(point: Spot) -> Box:
    x, y = point
    return x - APART, y - APART, x + APART, y + APART


def _led(rings: int) -> Iterator[Offset]:
    """The ends of lines to names, the nearest first."""
    for ring in RINGS[:rings]:
        for turn in range(DIRECTIONS):
            angle = math.pi / 4 + 2 * math.pi * turn / DIRECTIONS
            x, y = ring * math.cos(angle), ring * math.sin(angle)
            yield Offset(x, y, (_sign(x, ring), _sign(y, ring)), led=True)


def _sign(along: float, ring: float) -> int:
    return 0 if abs(along) < 0.3 * ring else int(math.copysign(1, along))


def _box(x: float, y: float, wide: float, tall: float, side: tuple[int, int]) -> Box:
    """What words take up whose side that faces their point is there."""
    start = x + {1: 0.0, 0: -wide / 2, -1: -wide}[side[0]]
    foot = y + {1: 0.0, 0: -tall / 2, -1: -tall}[side[1]]
    return start, foot, start + wide, foot + tall


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _passes(line: Line, box: Box) -> bool:
    """Whether a line goes through a box."""
    (x, y), (to_x, to_y) = line
    first, last = 0.0, 1.0
    for start, way, low, high in ((x, to_x - x, box[0], box[2]), (y, to_y - y, box[1], box[3])):
        if abs(way) < 1e-9:
            if not low < start < high:
                return False
            continue
        ends = sorted(((low - start) / way, (high - start) / way))
        first, last = max(first, ends[0]), min(last, ends[1])
    return first < last


def _meet_on_the_way(one: Line, other: Line) -> bool:
    """Whether two lines cross."""

    def turn(a: Spot, b: Spot, c: Spot) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    (a, b), (c, d) = one, other
    return turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0
