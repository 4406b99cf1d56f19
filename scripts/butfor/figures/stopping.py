"""Where early stopping ended training, and where it should have."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from butfor.figures import style
from butfor.recipe.early_stopping import lower_is_better
from butfor.records.record import Record, validation_figures

STOPPED: dict[str, Any] = {"marker": "|", "markersize": 9, "color": "black", "markeredgewidth": 1.8}
RESTORED: dict[str, Any] = {"marker": "o", "markersize": 6, "color": style.BLUE, "markeredgewidth": 0}
BEST: dict[str, Any] = {"marker": "x", "markersize": 5, "color": style.ORANGE, "markeredgewidth": 1.8}
SPREAD = 0.28  # of a row, to each side, over which its seeds are laid


def stopping(records: list[Record], arms: list[str]) -> Figure:
    """Per arm and seed: the last epoch, the epoch whose weights were evaluated, and the one with the best figure."""
    seeds = sorted({record.seed for record in records})
    row = max(0.34, 0.11 * len(seeds))
    figure = style.sheet(0.9 + row * len(arms))
    axes = figure.subplots()
    labels = {arm: f"{arm} (no run)" for arm in arms}
    for record in records:
        labels[record.arm] = f"{record.arm} ({monitored(record)})"
        offset = (2 * seeds.index(record.seed) / (len(seeds) - 1) - 1) * SPREAD if len(seeds) > 1 else 0.0
        _seed(axes, record, arms.index(record.arm) + offset)
    axes.set_yticks(range(len(arms)), [style.folded(labels[arm], 30) for arm in arms])
    axes.set(xlim=(0, None), ylim=(len(arms) - 0.5, -0.5), xlabel="epoch")
    axes.grid(axis="y", visible=False)
    for place in range(1, len(arms)):
        axes.axhline(place - 0.5, color="0.85", linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    handles = {"training ended": STOPPED, "weights evaluated": RESTORED, "best validation figure": BEST}
    style.legend(figure, [style.dot(label, **look) for label, look in handles.items()])
    return figure


def monitored(record: Record) -> str:
    """The validation figure that early stopping watched; the loss where there is none."""
    return str(record.recipe["early_stopping"].get("monitor", "loss"))


def best_epoch(record: Record) -> int | None:
    """The first epoch with the best finite value of the monitored figure."""
    watched = monitored(record)
    rows = [(validation_figures(row), row["epoch"]) for row in record.history]
    figures = [(lower_is_better(row, watched), epoch) for row, epoch in rows]
    return min(((value, epoch) for value, epoch in figures if math.isfinite(value)), default=(0.0, None))[1]


def _seed(axes: Axes, record: Record, height: float) -> None:
    best = best_epoch(record)
    axes.plot([best or record.stopped_epoch, record.stopped_epoch], [height] * 2, color="0.8", linewidth=1, zorder=1)
    if record.metrics:
        axes.plot([record.restored_epoch], [height], zorder=2, **RESTORED)
    axes.plot([record.stopped_epoch], [height], zorder=3, **STOPPED)
    if best is not None:
        axes.plot([best], [height], zorder=4, **BEST)
