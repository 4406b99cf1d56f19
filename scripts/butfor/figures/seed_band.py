"""One arm's line: its centre over seeds, and a band from the smallest to the largest."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from butfor.figures.style import Line

MOST_MARKERS = 12


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
    axes.plot(
        places, centre.reindex(places), color=line.colour, linestyle=line.dash, linewidth=line.width, marker=marker,
        markersize=3.2, markeredgewidth=0, zorder=order,
    )  # fmt: skip
    low, high = by_place.min().reindex(places), by_place.max().reindex(places)
    axes.fill_between(places, low.to_numpy(float), high.to_numpy(float), color=line.colour, alpha=0.15, linewidth=0)
    if log:
        _edge(axes, table[x][values == 0], 0.0, "v", line)
        _edge(axes, table[x][~np.isfinite(values)], 1.0, "^", line)


def _edge(axes: Axes, places: pd.Series[float], where: float, marker: str, line: Line) -> None:
    if len(places):
        axes.plot(
            places.unique(), np.full(places.nunique(), where), marker, color=line.colour, markersize=4,
            transform=axes.get_xaxis_transform(), clip_on=False, zorder=4,
        )  # fmt: skip
