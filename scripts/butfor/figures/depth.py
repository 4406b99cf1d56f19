"""What happens from layer to layer before any step: to activations on the way up, to gradients on the way down."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from butfor.figures import panels, style
from butfor.figures.layers import SATURATION, layer_table
from butfor.figures.panels import Measure
from butfor.records.record import Record

MOST_LETTERS = 60  # of names along the bottom of a figure
GRADIENT = Measure("gradient", "gradient norm", log=True, focus=True)


def depth(records: list[Record], arms: list[str]) -> Figure:
    """Root mean square of the hidden layers' activations and the share of them that is saturated, by layer."""
    table = layer_table(records, "start")
    table = table[table["hidden"].astype(bool)]
    measures = [Measure("rms", "RMS activation", log=True, focus=True)]
    if set(SATURATION) & set(table["activation"]):
        measures.append(Measure("saturated", "saturated share"))
    figure = style.sheet(panels.height(arms, measures))
    panels.draw_arms(figure, table, arms, "place", "hidden layer", measures)
    _name_layers(figure, table, arms)
    return figure


def gradients(records: list[Record], arms: list[str]) -> Figure:
    """Norm of the cross-entropy's gradient by each layer's weights, on a logarithmic scale."""
    table = layer_table(records, "start")
    figure = style.sheet(panels.height(arms, [GRADIENT]))
    table = table[table["gradient"].notna() | table["hidden"]]
    panels.draw_arms(figure, table, arms, "place", "layer", [GRADIENT])
    _name_layers(figure, table, arms)
    return figure


def _name_layers(figure: Figure, table: pd.DataFrame, arms: list[str]) -> None:
    """Write the layers' names in place of their numbers, where there is room for them and all arms have the same."""
    names = table.groupby("place")["layer"].unique()
    room = len(arms) <= panels.MOST_TOGETHER and sum(len(each[0]) for each in names) * len(figure.axes) <= MOST_LETTERS
    if room and all(len(each) == 1 for each in names):
        for axes in figure.axes:
            axes.set_xticks(list(names.index), [each[0] for each in names])
