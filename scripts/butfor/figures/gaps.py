"""Generalisation gaps: what a model does better on training images than on others."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from butfor.figures import panels, style
from butfor.figures.coincidence import told_apart
from butfor.figures.panels import Measure
from butfor.figures.quantities import quantities_of
from butfor.figures.seed_dots import draw_seed_dots
from butfor.languages.phrases import phrase, template, term
from butfor.records.record import Record
from butfor.records.tables import history_table, runs_table
from butfor.study.metrics import Quantity

PARTS = {"train": template("train"), "validation": template("validation"), "test": template("test")}
BESIDE = 2.6  # inches, of one of two panels beside each other


def _label(quantity: Quantity, other: str) -> str:
    """The quantity, and what is subtracted from what, so that training images fare better where the gap is above 0."""
    first, second = ("train", other) if quantity.higher_is_better else (other, "train")
    sides = f"{phrase(PARTS[first])} − {phrase(PARTS[second])}"
    return f"{term(quantity.title)}, {sides} ({term(quantity.unit.short)})"


def gaps(records: list[Record], arms: list[str]) -> Figure:
    """The gap of the final weights by arm, above the gap over the epochs."""
    quantities = quantities_of(records)
    measures = [Measure(quantity.name, _label(quantity, "validation")) for quantity in quantities]
    by_epoch = _gaps(history_table(records), "validation", quantities)
    shown, left_out = told_apart(by_epoch, arms, "epoch", measures)
    heights = [0.7 + style.ROW * len(arms), panels.height(shown, measures)]
    figure = style.sheet(sum(heights))
    above, below = figure.subfigures(2, 1, height_ratios=heights, squeeze=False)[:, 0]
    final = _gaps(runs_table(record for record in records if record.metrics), "test", quantities)
    panels_above = above.subplots(1, len(quantities), squeeze=False, sharey=True)[0]
    for axes, quantity in zip(panels_above, quantities, strict=True):
        draw_seed_dots(axes, final, quantity.name, arms)
        axes.xaxis.set_major_locator(MaxNLocator(5))  # long labels of small gaps would run into each other
        axes.axvline(0, color="0.5", linewidth=0.8, zorder=1)
        axes.set_xlabel(style.unit_below(_label(quantity, "test"), BESIDE))
    panels.draw_arms(below, by_epoch, shown, "epoch", phrase("epoch"), measures)
    style.note(figure, left_out)
    return figure


def _gaps(table: pd.DataFrame, other: str, quantities: Sequence[Quantity]) -> pd.DataFrame:
    """The table with a column per quantity, in its unit: how much better training images fare than the other part's."""
    names = [quantity.name for quantity in quantities]
    columns = ["arm", "seed", "epoch", *(f"{part}/{name}" for part in ("train", other) for name in names)]
    figures = table.reindex(columns=columns)
    gaps = {
        quantity.name: quantity.unit.scale
        * (figures[f"train/{quantity.name}"] - figures[f"{other}/{quantity.name}"])
        * (1.0 if quantity.higher_is_better else -1.0)
        for quantity in quantities
    }
    return figures.assign(**gaps)
