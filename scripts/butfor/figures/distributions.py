"""Distributions of activations before any step, by arm and layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from butfor.figures import style
from butfor.figures.hover_titles import number
from butfor.figures.layers import hidden, spread_evenly
from butfor.languages.phrases import phrase
from butfor.records.record import Record

TOWER = 3.0


def distributions(records: list[Record], arms: list[str]) -> Figure:
    """Histograms of what leaves the hidden layers' activation functions: a row per arm, a column per layer."""
    first = {record.arm: record for record in reversed(records)}
    layers = {arm: spread_evenly(hidden(first[arm], "start")) if arm in first else [] for arm in arms}
    columns = max(1, *(len(rows) for rows in layers.values()))
    figure = style.sheet(0.4 + 0.72 * len(arms))
    panels = figure.subplots(len(arms), columns, squeeze=False)
    of_reference = {row["layer"]: row["activations"]["histogram"] for row in layers[arms[0]]}
    above: list[str] = []
    for place, (row, arm) in enumerate(zip(panels, arms, strict=True)):
        names = [layer["layer"] for layer in layers[arm]]
        for axes in row:
            axes.set(xticks=[], yticks=[])
            axes.spines[["left", "right", "top"]].set_visible(False)
        for axes, layer in zip(row, layers[arm], strict=False):
            bins = layer["activations"]["histogram"]
            histogram(axes, bins, style.BLUE if place else "0.4")
            if place and layer["layer"] in of_reference:
                _outline(axes, of_reference[layer["layer"]], bins)
            if names != above:
                axes.set_title(style.folded(layer["layer"], 16), fontsize="small", pad=3)
        for axes in row[len(names) :]:
            axes.set_visible(axes is row[0])
        above = names or above
        label = style.folded(arm, 20) + ("" if arm in first else f"\n({phrase('no run')})")
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize="small")
    return figure


def _outline(axes: Axes, reference: dict[str, Any], bins: dict[str, Any]) -> None:
    """The reference's histogram on the scale of another: where that is narrower, its foot is cut off."""
    heights, counts = np.array(reference["counts"], float), np.array(bins["counts"], float)
    widths = [(each["high"] - each["low"]) / max(len(each["counts"]), 1) for each in (reference, bins)]
    if heights.sum() and counts.sum() and min(widths) > 0 and (counts > 0).sum() > 1:
        edges = np.linspace(reference["low"], reference["high"], len(heights) + 1)
        axes.stairs(heights * widths[1] / widths[0] * counts.sum() / heights.sum(), edges, color="0.4", linewidth=1)


def histogram(axes: Axes, bins: dict[str, Any], colour: Any) -> None:
    """A filled histogram with its range below it; a bin that towers over all others is cut off and says its share."""
    counts = np.array(bins["counts"], float)
    if not counts.sum():
        axes.text(0.5, 0.5, phrase("not finite"), transform=axes.transAxes, ha="center", va="center", fontsize="small")
        return
    axes.stairs(counts, np.linspace(bins["low"], bins["high"], len(counts) + 1), fill=True, color=colour)
    *_, second, highest = sorted(counts)
    towers = highest > TOWER * second > 0
    axes.set(xlim=(bins["low"], bins["high"]), ylim=(0, 1.5 * second if towers else 1.05 * highest))
    if towers:
        place = (int(counts.argmax()) + 1.5) / len(counts)
        side = "left" if place < 0.5 else "right"
        share = f"{100 * highest / counts.sum():.0f} %"
        axes.text(place, 0.98, share, transform=axes.transAxes, ha=side, va="top", fontsize="x-small")
    ends = (bins["low"], (bins["low"] + bins["high"]) / 2, bins["high"])
    low, middle, high = (number(float(f"{end:.2g}")) for end in ends)
    axes.set_xlabel(
        phrase("all at {value}", value=middle) if highest == counts.sum() else f"{low} … {high}",
        fontsize="x-small",
        labelpad=1,
    )
