"""What happens from layer to layer before any step: to activations on the way up, to gradients on the way down."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from butfor.figures import panels, style
from butfor.figures.coincidence import told_apart
from butfor.figures.layers import SATURATION, layer_table
from butfor.figures.panels import Measure
from butfor.languages.phrases import phrase
from butfor.records.record import Record

MOST_LETTERS = 60  # of names along the bottom of a figure


def depth(records: list[Record], arms: list[str]) -> Figure:
    """Root mean square of the hidden layers' activations and the share of them that is saturated, by layer."""
    table = layer_table(records, "start")
    table = table[table["hidden"].astype(bool)]
    measures = [Measure("rms", phrase("RMS activation"), log=True, focus=True)]
    if set(SATURATION) & set(table["activation"]):
        measures.append(Measure("saturated", phrase("saturated share")))
    return _by_layer(table, arms, phrase("hidden layer"), measures)


def gradients(records: list[Record], arms: list[str]) -> Figure:
    """Norm of the cross-entropy's gradient by each layer's weights, on a logarithmic scale."""
    table = layer_table(records, "start")
    measure = Measure("gradient", phrase("gradient norm"), log=True, focus=True)
    return _by_layer(table[table["gradient"].notna() | table["hidden"]], arms, phrase("layer"), [measure])


def _by_layer(table: pd.DataFrame, arms: list[str], xlabel: str, measures: list[Measure]) -> Figure:
    """A block for each measure, with the arms that it tells apart."""
    selections = [told_apart(table, arms, "place", [measure]) for measure in measures]
    heights = [panels.height(shown, [measure]) for (shown, _), measure in zip(selections, measures, strict=True)]
    figure = style.sheet(sum(heights))
    blocks = figure.subfigures(len(measures), 1, height_ratios=heights, squeeze=False)[:, 0]
    for block, (shown, left_out), measure in zip(blocks, selections, measures, strict=True):
        panels.draw_arms(block, table, shown, "place", xlabel, [measure])
        _name_layers(block, table, shown)
        style.note(block, left_out)
    return figure


def _name_layers(figure: FigureBase, table: pd.DataFrame, arms: list[str]) -> None:
    """Write the layers' names in place of their numbers, where there is room for them and all arms have the same."""
    panels_of: list[Axes] = figure.axes  # type: ignore[assignment]
    names = table.groupby("place")["layer"].unique()
    room = len(arms) <= panels.MOST_TOGETHER and sum(len(each[0]) for each in names) * len(panels_of) <= MOST_LETTERS
    if room and all(len(each) == 1 for each in names):
        for axes in panels_of:
            axes.set_xticks(list(names.index), [each[0] for each in names])
