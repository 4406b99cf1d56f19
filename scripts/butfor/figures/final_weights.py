"""What penalties do to weights: their distribution at the end of training, and how many are near 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from butfor.figures import panels, style
from butfor.figures.layers import layer_table, spread_evenly
from butfor.figures.seed_dots import draw_seed_dots
from butfor.languages.phrases import phrase
from butfor.records.record import Record

Array = npt.NDArray[np.float64]


def weights(records: list[Record], arms: list[str]) -> Figure:
    """Histograms of the first layer's final weights, arm by arm, above the share of weights near 0, layer by layer."""
    rows = panels.grid(len(arms) - 1)[0]
    heights = [0.5 + 1.35 * rows, 0.7 + style.ROW * len(arms)]
    figure = style.sheet(sum(heights))
    above, below = figure.subfigures(2, 1, height_ratios=heights, squeeze=False)[:, 0]
    _histograms(above, records, arms)
    _near_zero(below, records, arms)
    return figure


def _histograms(figure: FigureBase, records: list[Record], arms: list[str]) -> None:
    first = {record.arm: record.layers["end"][0]["weights"] for record in reversed(records) if record.layers.get("end")}
    densities = {arm: _density(layer["histogram"]) for arm, layer in first.items()}
    foot = min((density[density > 0].min() / 2 for density, _ in densities.values() if len(density)), default=1.0)
    reference, *others = arms
    rows, columns = panels.grid(len(others))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, arm in zip(grid.flat, others, strict=False):
        if reference in densities:
            _draw(axes, densities[reference], foot, color="0.5", zorder=3)
        if arm in densities:
            _draw(axes, densities[arm], foot, color=style.BLUE, fill=True, alpha=0.7)
        style.logarithmic(axes)
        remark = "" if arm in first else f"\n({phrase('no run')})"
        axes.set_title(style.folded(arm, 20) + remark, fontsize="small", pad=3)
        axes.tick_params(labelsize="small", pad=1)
    for axes in grid.flat[len(others) :]:
        axes.set_visible(False)
    figure.supylabel(phrase("density"), fontsize="medium")
    figure.supxlabel(phrase("first layer's weights at the end"), fontsize="medium")
    behind = style.Line("0.5")
    named = phrase("{arm} (reference)", arm=reference)
    style.legend(figure, [style.handle(named, behind), style.handle(phrase("ablation"), style.ALONE)])


def _density(histogram: dict[str, Any]) -> tuple[Array, Array]:
    """A histogram as a density, so that ranges of different width compare, and its edges; empty if nothing is finite."""
    counts = np.array(histogram["counts"], float)
    edges = np.linspace(histogram["low"], histogram["high"], len(counts) + 1)
    return counts / max(counts.sum(), 1.0) / np.diff(edges), edges


def _draw(axes: Axes, density: tuple[Array, Array], foot: float, **look: Any) -> None:
    if len(density[0]):
        height, edges = density
        axes.stairs(np.where(height > 0, height, np.nan), edges, baseline=foot, **look)  # an empty bin has no bar
    else:
        axes.text(0.5, 0.5, phrase("not finite"), transform=axes.transAxes, ha="center", fontsize="small")


def _near_zero(figure: FigureBase, records: list[Record], arms: list[str]) -> None:
    table = layer_table(records, "end")
    table = table[np.isfinite(table["near_zero"].astype(float))]
    places = spread_evenly(sorted(set(table["place"]))) or [1]
    row = figure.subplots(1, len(places), squeeze=False, sharex=True, sharey=True)[0]
    for axes, place in zip(row, places, strict=True):
        here = table[table["place"] == place]
        draw_seed_dots(axes, here, "near_zero", arms)
        axes.set_title(style.folded(", ".join(dict.fromkeys(here["layer"])), 20), fontsize="small", pad=3)
        axes.tick_params(axis="x", labelsize="small", pad=1)
    figure.supxlabel(phrase("share of weights at most 10⁻³ in size, at the end"), fontsize="medium")
