"""A paper's figure of sensitivity: effects against a number's values, a panel per number, in a venue's fonts and width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from butfor.arm_names import anywhere
from butfor.figures import hover_titles, style
from butfor.figures.sensitivity import places_of
from butfor.figures.value_labels import labelled
from butfor.figures.venue_style import apply_venue, unit_words
from butfor.figures.verdict_marks import colour_of, mark_of
from butfor.study.metrics import Metric

HEIGHT, WIDE, MOST_PANELS = 1.35, 1.6, 12
LEAST = 1.9  # inches, in which the words beside the axis have room
FAR = 6.0  # times the median size, beyond which an effect is written at the edge


def paper_sensitivity(table: pd.DataFrame, metric: Metric, venue: str, path: Path) -> None:
    """Draw the effects and save them as PDF. table: as paper/further_frames gives it."""
    size = apply_venue(venue, [*table["label"], *table["data"], *table["number"]])
    figure = drawn(table, metric, size)
    figure.savefig(path, metadata={"CreationDate": None, "Creator": None, "Producer": None})


def drawn(table: pd.DataFrame, metric: Metric, width: float) -> Figure:
    """The figure, so many inches wide."""
    keys = ["data", "reference", "number"]
    groups = [(tuple(map(str, key)), own) for key, own in table.groupby(keys, sort=False)][:MOST_PANELS]  # type: ignore[arg-type]
    columns = max(1, min(len(groups), int(width / WIDE)))
    lines = -(-len(groups) // columns)
    figure = Figure(figsize=(width, max(LEAST, 0.2 + HEIGHT * lines)))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02)
    panels = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    limits = _limits(table)
    for axes in panels[len(groups) :]:
        axes.set_visible(False)
    several = table["data"].nunique() > 1, table["reference"].map(anywhere).nunique() > 1
    for axes, ((data, reference, number), own) in zip(panels, groups, strict=False):
        _panel(axes, own, number, limits)
        named = [word for word, shown in zip((data, f"from {anywhere(reference)}"), several, strict=True) if shown]
        if named:
            axes.set_title(", ".join(named), fontsize="small")
    better = "higher" if metric.higher_is_better else "lower"
    figure.supylabel(f"change of {metric.title}\n({unit_words(metric)}, {better} is better)", fontsize="small")
    return figure


def _limits(table: pd.DataFrame) -> tuple[float, float]:
    """Both ends of the axis: all intervals but those far outside the others, and the margin."""
    known = table.dropna(subset=["effect"])
    ends = pd.concat([known["low"].fillna(known["effect"]), known["high"].fillna(known["effect"])])
    margin = float(table["margin"].max()) if table["margin"].notna().any() else 0.0
    typical = max(float(ends.abs().median()) if len(ends) else 0.0, margin) or 1.0
    near = ends[ends.abs() <= FAR * typical]
    low, high = min([-1.2 * margin, 0.0, *near]), max([1.2 * margin, 0.0, *near])
    return low - 0.08 * (high - low or 1.0), high + 0.08 * (high - low or 1.0)


def _panel(axes: Axes, own: pd.DataFrame, number: str, limits: tuple[float, float]) -> None:
    before, (low, high) = float(own["before"].iloc[0]), limits
    places = places_of({before, *own["value"]})
    margins = own["margin"].dropna()
    if len(margins):
        axes.axhspan(-margins.iloc[0], margins.iloc[0], color="0.92", linewidth=0, zorder=0)
    axes.axhline(0, color="0.3", linewidth=0.6, zorder=1)
    inside = own[own["effect"].between(low, high)]
    line = pd.DataFrame(
        [(before, 0.0, 0.0, 0.0), *inside[["value", "effect", "low", "high"]].itertuples(index=False)],
        columns=["value", "effect", "low", "high"],
    ).sort_values("value")
    x = line["value"].map(places)
    axes.plot(x, line["effect"], color=style.BLUE, linewidth=1, zorder=2)
    foot, top = (line[end].fillna(line["effect"]).clip(low, high) for end in ("low", "high"))
    axes.fill_between(x, foot, top, color=style.BLUE, alpha=0.15, linewidth=0, zorder=1)
    for row in own.to_dict("records"):
        if pd.notna(row["effect"]) and low <= row["effect"] <= high:
            axes.plot(places[row["value"]], row["effect"], zorder=4, **mark_of(row["verdict"], 3.8))
        else:
            _beyond(axes, places[row["value"]], row, limits)
    axes.plot(places[before], 0.0, "D", color="black", markersize=3.2, zorder=5)
    _scale(axes, number, places, before)
    axes.set_ylim(low, high)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _beyond(axes: Axes, x: float, row: dict[Any, Any], limits: tuple[float, float]) -> None:
    """A triangle at the edge for an effect that is off the axis, with its size; a cross at the foot where none is known."""
    effect, colour = row["effect"], colour_of(str(row["verdict"]))
    if pd.isna(effect):
        axes.plot(x, 0.03, "x", color=colour, markersize=3.5, transform=axes.get_xaxis_transform(), zorder=4)
        return
    down = effect < limits[0]
    axes.annotate(
        f"{effect:.3g}".replace("-", "−"), (x, 0.06 if down else 0.94), xycoords=axes.get_xaxis_transform(), rotation=90,
        ha="center", va="bottom" if down else "top", fontsize="x-small", color=colour,
    )  # fmt: skip
    place = (x, 0.03 if down else 0.97)
    axes.plot(
        *place, "v" if down else "^", color=colour, markersize=3.2, transform=axes.get_xaxis_transform(), zorder=4
    )


def _scale(axes: Axes, number: str, places: dict[float, float], before: float) -> None:
    ordered = sorted(places)
    shown = labelled(axes, places, before)
    axes.set_xticks([places[value] for value in shown], [hover_titles.number(value) for value in shown])
    axes.xaxis.set_minor_locator(NullLocator())
    is_log = any(places[value] != value for value in ordered)
    axes.set_xlabel(f"{number} (log)".replace("_", " ") if is_log else number.replace("_", " "), fontsize="small")
    span = places[ordered[-1]] - places[ordered[0]]
    axes.set_xlim(places[ordered[0]] - 0.1 * span, places[ordered[-1]] + 0.1 * span)
