"""Learning curves of single runs, each among the other seeds of its job.

One drawing serves all of a job's runs, since drawing costs as much as all else that is mirrored of a run: in the
drawing every seed is grey, and a run's own picture is the same text with a line of style that brings its seed out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from butfor.figures import style
from butfor.figures.quantities import quantities_of
from butfor.records.record import Record
from butfor.study.metrics import Quantity

OTHERS = "0.75"
MOST_POINTS = 300
PARTS = {"train": (0, (3, 2)), "validation": "-"}
LOOK: list[str | dict[str, Any]] = ["seaborn-v0_8-whitegrid", {"axes.titlesize": 10.0, "axes.linewidth": 1.25}]
OWN = "path {{ stroke: {colour} !important; stroke-width: 2 !important; stroke-opacity: 1 !important }}"


def sheet(records: Sequence[Record]) -> str:
    """What is measured and the learning rate by epoch of the runs of one arm, as SVG."""
    figure, axes = _panels(quantities_of(records))
    lines = [line for record in records for line in _lines(record, axes)]
    for panel in axes.values():
        panel.relim()
        panel.autoscale()
    text = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "butfor"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    for line in lines:
        line.remove()
    return text.getvalue()


def of_seed(drawn: str, seed: int) -> str:
    """The drawing with the lines of one seed brought out."""
    colour = matplotlib.colors.to_hex(style.BLUE)
    return drawn.replace("</svg>", f'<style>[id^="seed_{seed}_"] {OWN.format(colour=colour)}</style></svg>')


@cache
def _panels(quantities: tuple[Quantity, ...]) -> tuple[Figure, dict[str, Axes]]:
    """The empty panels, made once: what they cost is mostly their ticks."""
    titles = {quantity.name: f"{quantity.title} ({quantity.recorded_unit})" for quantity in quantities}
    titles["rate"] = "learning rate"
    with matplotlib.style.context(LOOK):  # as the report's figures, without importing seaborn
        figure = Figure(figsize=(style.WIDTH, 2.7))
        axes = dict(zip(titles, figure.subplots(1, len(titles)), strict=True))
    for name, panel in axes.items():
        panel.set_title(titles[name], y=1.02)  # where it is to stand need not be computed, nor where the label is
        panel.set_xlabel("epoch")
        panel.xaxis.set_label_coords(0.5, -0.17)
        panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        panel.yaxis.set_major_locator(MaxNLocator(4))
    axes["loss"].set_yscale("log", nonpositive="mask")
    axes["loss"].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
    axes["loss"].yaxis.set_minor_locator(NullLocator())
    axes["loss"].yaxis.set_major_formatter("{x:g}")
    words = {"this run": style.BLUE, "the job's other seeds": OTHERS}
    handles = [style.handle(label, style.Line(colour)) for label, colour in words.items()]
    handles += [style.handle(part, style.Line("0.3", dash)) for part, dash in PARTS.items()]
    figure.legend(handles=handles, loc="upper center", ncols=4, frameon=False)
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.2, top=0.76, wspace=0.36)
    return figure, axes


def _lines(record: Record, axes: dict[str, Axes]) -> Iterator[Line2D]:
    epochs = [row["epoch"] for row in record.history]
    every = max(1, len(record.learning_rate) // MOST_POINTS)
    steps = np.arange(1, len(record.learning_rate) + 1)[::every] / record.steps_per_epoch
    curves: list[tuple[str, str, Any, Any, Any]] = [("rate", "", steps, record.learning_rate[::every], "-")]
    for part, dash in PARTS.items():
        for name in list(axes)[:-1]:
            curves.append((name, part, epochs, [row.get(f"{part}/{name}", np.nan) for row in record.history], dash))
    for name, part, x, y, dash in curves:
        values = np.where(np.isfinite(y), y, np.nan)
        marker = "." if len(values) == 1 else None
        (line,) = axes[name].plot(x, values, color=OTHERS, linestyle=dash, linewidth=1, marker=marker)
        line.set_gid(f"seed_{record.seed}_{part}_{name}")
        yield line
