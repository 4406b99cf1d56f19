"""Interaction plots of a grid: a panel per pair of factors, one along the axis and one as lines."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from butfor import stats
from butfor.figures import hover_titles, style
from butfor.figures.layers import spread_evenly
from butfor.languages.phrases import phrase, term
from butfor.study.designs import Grid, short
from butfor.verdicts.paired_values import Measured

APART = 0.07  # between the points of two lines at one level, in levels
ASIDE = 0.025  # the dots of seeds from their mean
COLUMNS = 3
MOST_LEVELS = 10  # as lines, and with a label along the axis


def interactions(grid: Grid, measured: Measured) -> Figure:
    """Every cell's metric minus that of the cell with all base levels, by the levels of two factors at a time.

    A point is a mean over seeds and over the further factors' cells, its bar the paired t interval over all looks, and
    the dots are seeds. A cell without a finished pair is a cross at the foot. Of many levels, some are lines.
    """
    pairs = list(itertools.combinations(grid.factors, 2))
    columns = min(COLUMNS, len(pairs))
    rows = -(-len(pairs) // columns)
    figure = style.sheet(0.3 + 3.0 * rows)
    drawn = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, of in zip(drawn.flat, pairs, strict=False):
        along, lines = sorted(of, key=lambda factor: -len(grid.factors[factor]))
        _panel(axes, grid, measured, along, lines)
    for axes in drawn.flat[len(pairs) :]:
        axes.set_visible(False)
    for axes in drawn[:, 0]:
        axes.set_ylabel(
            phrase(
                "{metric} minus base cell\n({unit})",
                metric=term(measured.metric.title),
                unit=term(measured.metric.unit.name),
            )
        )
    return figure


def _panel(axes: Axes, grid: Grid, measured: Measured, along: str, lines: str) -> None:
    values = {cell: measured.values.get(arm, {}) for cell, arm in grid.cells.items()}
    seeds = min((measured.seeds[arm] for arm in grid.arms), key=len)
    pairs = stats.cell_pairs(values, grid.factors, (along, lines), seeds)
    levels, looks = (
        _in_order(along, grid.factors[along]),
        style.lines_of(spread_evenly(grid.factors[lines], MOST_LEVELS)),
    )
    unit = term(measured.metric.unit.short)
    axes.axhline(0, color="0.5", linewidth=0.8, zorder=1)
    for place, (level, look) in enumerate(looks.items()):
        x = np.arange(len(levels)) + APART * (place - (len(looks) - 1) / 2)
        contrasts = [stats.contrast(pairs[end, level], measured.rule) for end in levels]
        means = np.array([c.effect for c in contrasts])
        ends = [measured.metric.possible(c.low, c.high) for c in contrasts]
        for at, end in zip(x, levels, strict=True):
            seen = pairs[end, level].differences
            if (end, level) != (grid.factors[along][0], grid.factors[lines][0]):
                axes.plot([at - ASIDE] * len(seen), seen, ".", color="0.65", markersize=4, zorder=2)
        (drawn,) = axes.plot(
            x, means, color=look.colour, linestyle=look.dash, linewidth=look.width, marker="o", markersize=4.5, zorder=4,
            label=short(lines, level),
        )  # fmt: skip
        words = [
            f"{short(along, end)}, {short(lines, level)}: {hover_titles.number(mean)} {unit}"
            for end, mean in zip(levels, means, strict=True)
            if np.isfinite(mean)
        ]
        hover_titles.name(drawn, words)
        axes.vlines(x, *zip(*ends, strict=True), color=look.colour, linewidth=1.2, zorder=3)
        lost = [at for at, mean in zip(x, means, strict=True) if np.isnan(mean)]
        if lost:  # an unclipped line of no points would count as lying in the figure's corner when that is arranged
            axes.plot(lost, [0.03] * len(lost), "x", color=look.colour, transform=axes.get_xaxis_transform())
    labelled = spread_evenly(range(len(levels)), MOST_LEVELS)
    axes.set_xticks(labelled, [style.folded(short(along, levels[place]), 12) for place in labelled])
    axes.set(xlabel=along, xlim=(-0.4, len(levels) - 0.6))
    axes.grid(axis="x", visible=False)
    all_levels = len(grid.factors[lines])
    few = phrase("{factor}: {shown} of {n} levels", factor=lines, shown=len(looks), n=all_levels)
    axes.legend(
        title=lines if len(looks) == all_levels else few, fontsize="small", title_fontsize="small", handlelength=2.6
    )


def _in_order(factor: str, levels: list[str]) -> list[str]:
    """Levels that are numbers by size, others as they are."""
    try:
        return sorted(levels, key=lambda level: float(short(factor, level)))
    except ValueError:
        return levels
