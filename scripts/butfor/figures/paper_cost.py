"""A paper's figure of costs: effects against what a run costs, a panel per cost and data set, in a venue's fonts and width."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from butfor.figures.cost_effect import Place, corners_of, front_of
from butfor.figures.effect_limits import limits_of
from butfor.figures.paper_effects import numbers_of
from butfor.figures.point_key import NamedPanel, explain, name_points
from butfor.figures.point_names import PointName
from butfor.figures.venue_style import apply_venue, unit_words
from butfor.figures.verdict_marks import mark_of
from butfor.study.metrics import Metric

HEIGHT, WIDE, MOST_PANELS = 1.9, 2.4, 6
LETTERS = 17  # of a key, an inch
ROOM = 0.12  # of the axis, above the best arm, for its name


def paper_cost(table: pd.DataFrame, metric: Metric, venue: str, path: Path) -> None:
    """Draw the arms and save them as PDF. table: as paper/further_frames gives it."""
    size = apply_venue(venue, [*table["label"], *table["data"], *table["cost"]])
    figure = drawn(table, metric, size)
    figure.savefig(path, metadata={"CreationDate": None, "Creator": None, "Producer": None})


def drawn(table: pd.DataFrame, metric: Metric, width: float) -> Figure:
    """The figure, so many inches wide."""
    groups = list(table.groupby(["data", "cost"], sort=False))[:MOST_PANELS]
    columns = max(1, min(len(groups), int(width / WIDE)))
    lines = -(-len(groups) // columns)
    figure = Figure(figsize=(width, 0.2 + HEIGHT * lines))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02)
    panels = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    for axes in panels[len(groups) :]:
        axes.set_visible(False)
    margin = float(table["margin"].max()) if table["margin"].notna().any() else None
    rows = table[table["verdict"] != ""].astype(object).where(table.notna(), None).to_dict("records")
    low, high = limits_of(rows, {}, margin)  # type: ignore[arg-type]
    panels[0].set_ylim(low, high + ROOM * (high - low))
    several, named = table["data"].nunique() > 1, []
    for axes, ((data, cost), own) in zip(panels, groups, strict=False):
        if margin is not None:
            axes.axhspan(-margin, margin, color="0.92", linewidth=0, zorder=0)
        named.append(_panel(axes, own, metric.higher_is_better))
        axes.set_xlabel(cost, fontsize="small")
        if several:
            axes.set_title(data, fontsize="small")
    better = "higher" if metric.higher_is_better else "lower"
    figure.supylabel(f"change of {metric.title}\n({unit_words(metric)}, {better} is better)", fontsize="small")
    figure.draw_without_rendering()  # so that names know where points are
    explain(figure, name_points(named, "x-small"), letters=int(LETTERS * width))
    return figure


def _panel(axes: Axes, own: pd.DataFrame, higher_is_better: bool) -> NamedPanel:
    """Draw the points; gives the names of those beyond the axis and, of the others, those that tell most."""
    axes.axhline(0, color="0.3", linewidth=0.6, zorder=1)
    low, high = axes.get_ylim()
    places = [
        Place(row["label"], row["median"], row["quartile_1"], row["quartile_3"], row["effect"], row["verdict"])
        for row in own.dropna(subset=["effect"]).to_dict("records")
    ]
    inside, beyond = [place for place in places if low <= place.effect <= high], {}
    for place in inside:
        look = mark_of(place.verdict, 3.8) if place.verdict else {"marker": "D", "color": "black", "markersize": 3.2}
        axes.plot([place.low, place.high], [place.effect] * 2, color=look["color"], linewidth=0.8, alpha=0.5, zorder=2)
        axes.plot(place.cost, place.effect, zorder=4, **look)
    for place in (place for place in places if place not in inside):
        down = place.effect < low
        spot = place.cost, low + (0.03 if down else 0.97) * (high - low)
        axes.plot(*spot, "v" if down else "^", color=mark_of(place.verdict, 3.2)["color"], markersize=3.2, zorder=4)
        row = next(row for row in own.to_dict("records") if row["label"] == place.arm)
        beyond[place.arm] = PointName(f"{place.arm} {numbers_of(row, in_full=True)}", spot, "0.25")
    medians = [place.cost for place in places] or [0.0, 1.0]
    room = 0.15 * (max(medians) - min(medians)) or 0.1 * max(medians) or 1.0
    axes.set_xlim(min(medians) - room, max(medians) + 2 * room)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    front = front_of(inside, higher_is_better)
    axes.step([p.cost for p in front], [p.effect for p in front], where="post", color="0.5", linewidth=0.8, zorder=1)
    telling = [*front, *(p for p in inside if not p.verdict or p.verdict in ("helps", "hurts"))]
    names = beyond | {place.arm: PointName(place.arm, (place.cost, place.effect), "0.25") for place in telling}
    points = [(place.cost, place.effect) for place in inside] + [name.place for name in beyond.values()]
    return NamedPanel(axes, names, points, corners_of(front))
