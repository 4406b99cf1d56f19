"""One arm's line: its centre over seeds, and a band from the smallest to the largest, as far as there are all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from butfor.figures import hover_titles
from butfor.figures.style import Line
from butfor.languages.phrases import phrase

MOST_MARKERS = 12
MOST_PLACES = 60  # of a seed's own line, which is seen only under the pointer
THIN, FAINT = 0.7, 0.6  # the width and the opacity of the runs that go on after another has stopped
UNSEEN = 0.001  # opacity: nothing in a picture, and something for the pointer to find in an SVG


def draw_seed_band(axes: Axes, table: pd.DataFrame, x: str, column: str, line: Line, log: bool = False) -> None:
    """Draw a column against x from a table with a row per seed and x; values that are not finite are left out.

    The centre is the mean, up to the last x that all seeds have: of those that go on it would jump wherever one stops, so each
    has a thin line. On a logarithmic scale it is the geometric mean, zeros lie as triangles on the foot of the panel, and what
    overflowed at its top.
    """
    if table.empty:
        return
    places = _of_all_seeds(table, x)
    values = table[column].astype(float)
    shown = table[np.isfinite(values) & ((values > 0) | (not log))]
    by_place = shown.groupby(x)[column]
    centre = np.exp(np.log(shown[column]).groupby(shown[x]).mean()) if log else by_place.mean()
    order = 2.0 if line.back else 3.0
    marker = "o" if table[x].nunique() <= MOST_MARKERS or len(places) == 1 else ""
    (drawn,) = axes.plot(
        places, centre.reindex(places), color=line.colour, linestyle=line.dash, linewidth=line.width, marker=marker,
        markersize=3.2, markeredgewidth=0, zorder=order,
    )  # fmt: skip
    _name_centre(drawn, shown, x, column, log)
    low, high = by_place.min().reindex(places), by_place.max().reindex(places)
    if (low < high).any():  # of one seed, it would be as many points again for nothing that can be seen
        axes.fill_between(places, low.to_numpy(float), high.to_numpy(float), color=line.colour, alpha=0.15, linewidth=0)
    for _, own in shown[shown[x] >= places[-1]].sort_values(x).groupby("seed"):
        if len(own) > 1:
            axes.plot(own[x], own[column], color=line.colour, linewidth=THIN, alpha=FAINT, zorder=order - 0.5)
    if shown["seed"].nunique() > 1 and not line.back:
        _lines_of_seeds(axes, shown, x, column, line)
    if log:
        _edge(axes, table[x][values == 0], 0.0, "v", line)
        _edge(axes, table[x][~np.isfinite(values)], 1.0, "^", line)


def _of_all_seeds(table: pd.DataFrame, x: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The places from the first up to where a seed has no row any more."""
    seeds = table.groupby(x)["seed"].nunique().sort_index()
    lacking = np.flatnonzero(seeds < table["seed"].nunique())
    return seeds.index.to_numpy(float)[: max(1, lacking[0]) if len(lacking) else None]


def _name_centre(drawn: Line2D, table: pd.DataFrame, x: str, column: str, log: bool) -> None:
    if len(table):
        ends = table.sort_values(x).groupby("seed")[column].last()
        mean = np.exp(np.log(ends).mean()) if log else ends.mean()
        seeds, end = len(ends), hover_titles.number(float(mean))
        arm = table["arm"].iloc[0]
        if seeds > 1:
            words = phrase("{arm}: {value} at the end, mean over {seeds} seeds", arm=arm, value=end, seeds=seeds)
        else:
            words = phrase("{arm}: {value} at the end, seed {seed}", arm=arm, value=end, seed=table["seed"].iloc[0])
        hover_titles.name(drawn, [words])


def _lines_of_seeds(axes: Axes, table: pd.DataFrame, x: str, column: str, line: Line) -> None:
    """A line per seed that no one sees before the pointer finds it, with the seed and its last value for a title."""
    lines, words = [], []
    for seed, own in table.sort_values(x).groupby("seed"):
        points = own[[x, column]].to_numpy(float)
        lines.append(points[:: -(-len(own) // MOST_PLACES)])
        words.append(hover_titles.of_seed(own["arm"].iloc[0], seed, points[-1, 1]))
    drawn = LineCollection(lines, colors=[line.colour], linewidths=2.5, alpha=UNSEEN, zorder=5)
    hover_titles.name(drawn, words)
    drawn.set_in_layout(False)  # they lie within the band, and arranging a figure asks every artist for its size
    axes.add_collection(drawn, autolim=False)


def _edge(axes: Axes, places: pd.Series[float], where: float, marker: str, line: Line) -> None:
    if len(places):
        axes.plot(
            places.unique(), np.full(places.nunique(), where), marker, color=line.colour, markersize=4,
            transform=axes.get_xaxis_transform(), clip_on=False, zorder=4,
        )  # fmt: skip
