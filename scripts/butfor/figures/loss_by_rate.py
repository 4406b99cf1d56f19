"""The final loss against the learning rate."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from butfor.figures import hover_titles, style
from butfor.figures.line_names import name_lines
from butfor.figures.quantities import quantities_of
from butfor.languages.phrases import phrase, template, term
from butfor.records.record import Record

PARTS = {"validation": style.Line(style.ORANGE, width=1.8), "train": style.Line(style.BLUE, (0, (5, 2)), 1.8)}
NAMES = {"validation": template("validation"), "train": template("train")}
ASIDE = {"validation": 1 / 1.08, "train": 1.08}  # dots of one rate, side by side


def rates(records: list[Record], arms: list[str]) -> Figure:
    """Final training and validation loss by learning rate, both on logarithmic scales.

    A dot per seed, hollow for a run that learnt nothing, and a line at the mean; diverged runs are counted at the top.
    """
    figure = style.sheet(3.0)
    axes = figure.subplots()
    axes.set(xscale="log", xlabel=phrase("learning rate"))
    title = phrase("final loss ({unit})", unit=term(quantities_of(records)[-1].recorded_unit))
    axes.set_title(title, loc="left", fontsize="medium", pad=18)
    levels = sorted({_rate(record) for record in records})
    means_of: dict[str, list[float]] = {}
    for part, line in PARTS.items():
        losses = [_losses(records, level, f"{part}/loss") for level in levels]
        means = means_of[part] = [float(np.mean(group)) if group else math.nan for group in losses]
        axes.plot(
            levels, means, color=line.colour, linestyle=line.dash, linewidth=line.width, label=phrase(NAMES[part])
        )
        _dots(axes, records, part, line)
    style.logarithmic(axes)
    for level in levels:
        _count_diverged(axes, [record for record in records if _rate(record) == level], level)
    _mark_reference(axes, next((record for record in records if record.arm == arms[0]), None))
    _name_parts(axes, means_of)
    statuses = {record.status for record in records}
    handles = [style.dot(phrase("one run"), "o", color="0.4", markersize=4.5)]
    if "at_chance" in statuses:
        words = phrase("one run, learnt nothing")
        handles.append(style.dot(words, "o", color="0.4", markersize=4.5, markerfacecolor="white"))
    if "diverged" in statuses:
        handles.append(style.dot(phrase("diverged, with count"), "x", color="black"))
    style.legend(figure, handles)
    return figure


def _name_parts(axes: Axes, means: dict[str, list[float]]) -> None:
    """The name of each line at its last value."""
    last = {
        phrase(NAMES[part]): next((mean for mean in reversed(group) if math.isfinite(mean)), math.nan)
        for part, group in means.items()
    }
    name_lines(axes, {phrase(NAMES[part]): line for part, line in PARTS.items()}, last)


def _rate(record: Record) -> float:
    return float(record.recipe["learning_rate"])


def _losses(records: list[Record], level: float, metric: str) -> list[float]:
    return [record.metrics[metric] for record in records if _rate(record) == level and metric in record.metrics]


def _dots(axes: Axes, records: list[Record], part: str, line: style.Line) -> None:
    for chance in (False, True):
        shown = [record for record in records if record.metrics and (record.status == "at_chance") == chance]
        (dots,) = axes.plot(
            [_rate(record) * ASIDE[part] for record in shown], [record.metrics[f"{part}/loss"] for record in shown], "o",
            markersize=4.5, markeredgecolor=line.colour, markeredgewidth=0.9, alpha=0.8, zorder=3,
            markerfacecolor="white" if chance else line.colour,
        )  # fmt: skip
        runs = [(record.arm, record.seed, record.metrics[f"{part}/loss"]) for record in shown]
        hover_titles.name(
            dots, [f"{hover_titles.of_seed(*run)} ({phrase(NAMES[part])})" for run in runs if math.isfinite(run[2])]
        )


def _count_diverged(axes: Axes, records: list[Record], level: float) -> None:
    count = sum(record.status == "diverged" for record in records)
    if count:
        at_top = axes.get_xaxis_transform()
        axes.plot([level], [1.0], "x", color="black", markersize=6, transform=at_top, clip_on=False, zorder=5)
        axes.annotate(
            phrase("{n} of {all}", n=count, all=len(records)), (level, 1.0), (0, 6), xycoords=at_top, textcoords="offset points",
            ha="center", fontsize="small",
        )  # fmt: skip


def _mark_reference(axes: Axes, reference: Record | None) -> None:
    if reference is not None:
        axes.axvline(_rate(reference), color="0.5", linewidth=0.9, linestyle=":", zorder=1)
        axes.annotate(
            reference.arm, (_rate(reference), 0.98), (3, 0), xycoords=axes.get_xaxis_transform(),
            textcoords="offset points", va="top", fontsize="small", color="0.35",
        )  # fmt: skip
