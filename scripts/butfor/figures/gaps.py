"""Generalisation gaps: what a model does better on training images than on others."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from butfor import frames
from butfor.figures import panels, style
from butfor.figures.dots import draw_dots
from butfor.figures.panels import Measure
from butfor.record import Record

MEASURES = (
    Measure("accuracy", "accuracy (points):\ntrain − validation"),
    Measure("loss", "loss (nats):\nvalidation − train"),
)
FINAL = (("accuracy", "accuracy: train − test (points)"), ("loss", "loss: test − train (nats)"))


def gaps(records: list[Record], arms: list[str]) -> Figure:
    """The gap of the final weights by arm, above the gap over the epochs."""
    heights = [0.7 + style.ROW * len(arms), panels.height(arms, MEASURES)]
    figure = style.sheet(sum(heights))
    above, below = figure.subfigures(2, 1, height_ratios=heights, squeeze=False)[:, 0]
    final = _gaps(frames.runs_table(record for record in records if record.metrics), "test")
    for axes, (column, label) in zip(above.subplots(1, 2, sharey=True), FINAL, strict=True):
        draw_dots(axes, final, column, arms)
        axes.axvline(0, color="0.5", linewidth=0.8, zorder=1)
        axes.set_xlabel(label)
    panels.compare(below, _gaps(frames.history_table(records), "validation"), arms, "epoch", "epoch", MEASURES)
    return figure


def _gaps(table: pd.DataFrame, other: str) -> pd.DataFrame:
    """The table with `accuracy` (points) and `loss` (nats): how much better training images fare than others."""
    keys = ("arm", "seed", "epoch")
    columns = [*keys, *(f"{part}/{metric}" for part in ("train", other) for metric in ("accuracy", "loss"))]
    found = table.reindex(columns=columns)
    return found.assign(
        accuracy=100.0 * (found["train/accuracy"] - found[f"{other}/accuracy"]),
        loss=found[f"{other}/loss"] - found["train/loss"],
    )
