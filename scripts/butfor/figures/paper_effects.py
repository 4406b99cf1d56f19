"""A paper's figure of effects: a row per ablation, the best at the top, a panel per data set, in a venue's fonts and width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from butfor.arm_names import anywhere
from butfor.figures import style
from butfor.figures.venue_style import apply_venue, unit_words
from butfor.figures.verdict_marks import colour_of, mark_of
from butfor.study.metrics import Metric

ROW, MOST_SEEDS, MOST_ROWS, MOST_PANELS = 0.155, 10, 40, 4
FAR = 3.0  # times the median reach, beyond which an effect is written at the edge


@dataclass(frozen=True)
class Axis:
    """What a panel shows: the metric, from where to where, and whether there is room for intervals in words."""

    metric: Metric
    limits: tuple[float, float]
    in_full: bool


def paper_effects(
    effects: pd.DataFrame, seeds: pd.DataFrame, metric: Metric, venue: str, path: Path, texts: Sequence[str] = ()
) -> None:
    """Draw the effects and save them as PDF. effects, seeds: as paper/figure_data gives them. texts: more words to be shown."""
    size = apply_venue(venue, [*effects["label"], *effects["data"], *texts])
    figure = drawn(effects, seeds, metric, size)
    figure.savefig(path, metadata={"CreationDate": None, "Creator": None, "Producer": None})


def drawn(effects: pd.DataFrame, seeds: pd.DataFrame, metric: Metric, width: float) -> Figure:
    """The figure, so many inches wide."""
    sets = list(dict.fromkeys(effects["data"]))
    order = _order(effects, metric)
    lines = -(-len(sets) // MOST_PANELS)
    columns = -(-len(sets) // lines)
    figure = Figure(figsize=(width, 0.3 + lines * (0.32 + ROW * max(len(order), 3))))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02)
    panels = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    for axes in panels[len(sets) :]:
        axes.set_visible(False)
    for axes, name in zip(panels, sets, strict=False):
        own = effects[effects["data"] == name]
        _panel(axes, own, seeds, order, Axis(metric, _limits(own), len(sets) == 1))
        if len(sets) > 1:
            axes.set_title(name)
            axes.xaxis.set_major_locator(MaxNLocator(4))
    labels = dict(zip(effects["arm"].map(anywhere), effects["label"], strict=True))
    for axes in panels[::columns]:
        axes.set_yticks(range(len(order)), [style.folded(labels[base], 40) for base in order])
    left, right = ("worse", "better") if metric.higher_is_better else ("better", "worse")
    words = f"$\\leftarrow$ {left}    change of {metric.title} ({unit_words(metric)})    {right} $\\rightarrow$"
    show = panels[0].set_xlabel if len(sets) == 1 else figure.supxlabel
    show(words, fontsize=matplotlib.rcParams["xtick.labelsize"])
    return figure


def _order(effects: pd.DataFrame, metric: Metric) -> list[str]:
    """The ablations that are shown, the worst first; an effect that is not known is below any other."""
    sizes = effects["effect"].abs().fillna(math.inf)
    worths = (effects["effect"] if metric.higher_is_better else -effects["effect"]).fillna(-math.inf)
    bases = effects.assign(base=effects["arm"].map(anywhere), size=sizes, worth=worths).groupby("base", sort=False)
    shown = set(bases["size"].max().nlargest(MOST_ROWS).index)
    return [str(base) for base in bases["worth"].mean().sort_values(kind="stable").index if base in shown]


def _panel(axes: Axes, own: pd.DataFrame, seeds: pd.DataFrame, order: list[str], axis: Axis) -> None:
    rows = {anywhere(row["arm"]): row for row in own.to_dict("records")}
    margins = own["margin"].dropna()
    if len(margins):
        axes.axvspan(-margins.iloc[0], margins.iloc[0], color="0.92", linewidth=0, zorder=0)
    axes.axvline(0, color="0.3", linewidth=0.6, zorder=1)
    for place, row in ((place, rows[base]) for place, base in enumerate(order) if base in rows):
        values = seeds.loc[seeds["arm"] == row["arm"], "difference"]
        _row(axes, place, row, values if len(values) <= MOST_SEEDS else values.iloc[:0], axis)
    axes.set(xlim=axis.limits, ylim=(-0.7, len(order) - 0.3))
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color="0.93", linewidth=0.4)
    axes.set_axisbelow(True)


def _row(axes: Axes, place: int, row: dict[Any, Any], seeds: pd.Series, axis: Axis) -> None:
    """An effect with its interval and seeds; one off the axis, or none, in words at the edge."""
    (low, high), colour = axis.limits, colour_of(row["verdict"])
    if pd.isna(row["effect"]) or not low <= row["effect"] <= high:
        left = axis.metric.higher_is_better if pd.isna(row["effect"]) else row["effect"] < low
        words = (row["remark"] or "no pair") if pd.isna(row["effect"]) else numbers_of(row, axis.in_full)
        shown = f"$\\blacktriangleleft$ {words}" if left else f"{words} $\\blacktriangleright$"
        where, side = (low, "left") if left else (high, "right")
        axes.text(where, place, shown, ha=side, va="center", color=colour, fontsize="x-small")
        return
    axes.plot(seeds, [place] * len(seeds), "|", color="0.6", markersize=3.5, markeredgewidth=0.5, zorder=2)
    if pd.notna(row["low"]):
        axes.plot([max(low, row["low"]), min(high, row["high"])], [place] * 2, color=colour, linewidth=1.1, zorder=3)
    axes.plot(row["effect"], place, zorder=4, **mark_of(row["verdict"], 3.8))


def numbers_of(row: dict[Any, Any], in_full: bool) -> str:
    """An effect, with its interval where there is room for it."""
    span = f" [{row['low']:.3g}, {row['high']:.3g}]" if in_full and pd.notna(row["low"]) else ""
    return f"{row['effect']:.3g}{span}".replace("-", "−")


def _limits(own: pd.DataFrame) -> tuple[float, float]:
    """Both ends of the axis: all effects but those far outside the others, and the margin."""
    known = own.dropna(subset=["effect"])
    lows, highs = known["low"].fillna(known["effect"]), known["high"].fillna(known["effect"])
    reach = pd.concat([lows.abs(), highs.abs()], axis=1).max(axis=1)
    margin = float(own["margin"].max()) if own["margin"].notna().any() else 0.0
    typical = max(float(reach.median()) if len(reach) else 0.0, 1.5 * margin) or 1.0
    near = reach <= FAR * typical
    least = 1.3 * margin or 0.2 * typical
    low, high = min([-least, *lows[near]]), max([least, *highs[near]])
    return low - 0.04 * (high - low), high + 0.04 * (high - low)
