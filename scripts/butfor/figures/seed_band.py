"""One arm's line: its centre over seeds, and a band from the smallest to the largest."""

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
UNSEEN = 0.001  # opacity: nothing in a picture, and something for the pointer to find in an SVG


def draw_seed_band(axes: Axes, table: pd.DataFrame, x: str, column: str, line: Line, log: bool = False) -> None:
    """Draw a column against x from a table with a row per seed and x; values that are not finite are left out.

    The centre is the mean; on a logarithmic scale it is the geometric mean, zeros lie as triangles on the foot of the
    panel, and what overflowed at its top.
    """
    if table.empty:
        return
    places = np.sort(table[x].unique())
    values = table[column].astype(float)
    shown = table[np.isfinite(values) & ((values > 0) | (not log))]
    by_place = shown.groupby(x)[column]
    centre = np.exp(np.log(shown[column]).groupby(shown[x]).mean()) if log else by_place.mean()
    order = 2.0 if line.back else 3.0
    marker = "o" if len(places) <= MOST_MARKERS else ""
    (drawn,) = axes.plot(
        places, centre.reindex(places), color=line.colour, linestyle=line.dash, linewidth=line.width, marker=marker,
        markersize=3.2, markeredgewidth=0, zorder=order,
    )  # fmt: skip
    _name_centre(drawn, shown, centre)
    low, high = by_place.min().reindex(places), by_place.max().reindex(places)
    if (low < high).any():  # of one seed, it would be as many points again for nothing that can be seen
        axes.fill_between(places, low.to_numpy(float), high.to_numpy(float), color=line.colour, alpha=0.15, linewidth=0)
    if shown["seed"].nunique() > 1 and not line.back:
        _lines_of_seeds(axes, shown, x, column, line)
    if log:
        _edge(axes, table[x][values == 0], 0.0, "v", line)
        _edge(axes, table[x][~np.isfinite(values)], 1.0, "^", line)


def _name_centre(drawn: Line2D, table: pd.DataFrame, centre: pd.Series[float]) -> None:
    if len(centre):
        seeds, end = table["seed"].nunique(), hover_titles.number(float(centre.iloc[-1]))
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
