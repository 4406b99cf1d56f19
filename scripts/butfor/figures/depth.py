"""What happens from layer to layer before any step: to activations on the way up, to gradients on the way down."""

from __future__ import annotations

from matplotlib.figure import Figure

from butfor.figures import panels, style
from butfor.figures.layers import SATURATION, layer_table
from butfor.figures.panels import Measure
from butfor.records.record import Record

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
    return figure


def gradients(records: list[Record], arms: list[str]) -> Figure:
    """Norm of the cross-entropy's gradient by each layer's weights, on a logarithmic scale."""
    table = layer_table(records, "start")
    figure = style.sheet(panels.height(arms, [GRADIENT]))
    panels.draw_arms(figure, table[table["gradient"].notna() | table["hidden"]], arms, "place", "layer", [GRADIENT])
    return figure
