"""Lines of several arms: in one panel while they are few, each named at its end, else a panel for each arm with the reference in
grey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.ticker import MaxNLocator

from butfor.figures import style
from butfor.figures.line_names import name_lines
from butfor.figures.outliers import final_values, outliers_at_the_end, outliers_on_the_way
from butfor.figures.seed_band import draw_seed_band
from butfor.languages.phrases import phrase

MOST_TOGETHER = 5
MOST_COLUMNS = 4
TOGETHER_HEIGHT, PANEL_HEIGHT = 1.9, 1.25


@dataclass(frozen=True)
class Measure:
    """What a panel shows up its side: a column of the table, its label, and whether the scale is logarithmic."""

    column: str
    label: str
    log: bool = False
    focus: bool = False

    @property
    def title(self) -> str:
        """The label without its unit."""
        return self.label.partition(" (")[0].replace("\n", " ")


def height(arms: Sequence[str], measures: Sequence[Measure]) -> float:
    """How high `draw_arms` needs its figure."""
    if len(arms) <= MOST_TOGETHER:
        return 0.3 + len(measures) * TOGETHER_HEIGHT
    rows = grid(len(arms) - 1)[0]
    return len(measures) * (0.4 + PANEL_HEIGHT * rows)


def draw_arms(
    figure: FigureBase, table: pd.DataFrame, arms: Sequence[str], x: str, xlabel: str, measures: Sequence[Measure]
) -> None:
    """Draw the arms' measures against x, from a table with a row per arm, seed and x.

    A measure with `focus` follows the arms that end alike: others are named above it, or have a scale of their own.
    """
    if len(arms) <= MOST_TOGETHER:
        _together(figure, table, arms, x, xlabel, measures)
    else:
        _apart(figure, table, arms, x, xlabel, measures)


def grid(count: int) -> tuple[int, int]:
    """Rows and columns of that many small panels, as even as they come."""
    rows = math.ceil(count / MOST_COLUMNS)
    return rows, math.ceil(count / max(rows, 1))


def _together(
    figure: FigureBase, table: pd.DataFrame, arms: Sequence[str], x: str, xlabel: str, measures: Sequence[Measure]
) -> None:
    lines = style.lines_of(arms)
    panels = figure.subplots(len(measures), 1, squeeze=False, sharex=True)[:, 0]
    for axes, measure in zip(panels, measures, strict=True):
        for arm, line in lines.items():
            draw_seed_band(axes, table[table["arm"] == arm], x, measure.column, line, measure.log)
        axes.set_title(measure.label, loc="left", fontsize="medium", pad=6)
        axes.margins(x=0.02)
        _scale(axes, measure)
        far = outliers_at_the_end(table, measure.column, arms, measure.log) if measure.focus else []
        limits = _limits(table[~table["arm"].isin(far)], measure)
        if far and limits:
            axes.set_ylim(*limits)
        ends = final_values(table, measure.column).reindex(list(arms))
        name_lines(axes, lines, {str(arm): float(end) for arm, end in ends.items()})
    panels[-1].set_xlabel(xlabel)


def _apart(
    figure: FigureBase, table: pd.DataFrame, arms: Sequence[str], x: str, xlabel: str, measures: Sequence[Measure]
) -> None:
    reference, *others = arms
    rows, columns = grid(len(others))
    blocks = figure.subfigures(len(measures), 1, squeeze=False)[:, 0]
    for block, measure in zip(blocks, measures, strict=True):
        panels = block.subplots(rows, columns, squeeze=False, sharex=True)
        far = [
            *(outliers_at_the_end(table, measure.column, arms, measure.log) if measure.focus else []),
            *(outliers_on_the_way(table, measure.column, arms, x, measure.log) if measure.focus else []),
        ]
        limits = _limits(table[~table["arm"].isin(far)], measure)
        own = {arm: arm in far or reference in far for arm in others}
        for place, (axes, arm) in enumerate(zip(panels.flat, others, strict=False)):
            draw_seed_band(axes, table[table["arm"] == reference], x, measure.column, style.BEHIND, measure.log)
            draw_seed_band(axes, table[table["arm"] == arm], x, measure.column, style.ALONE, measure.log)
            _scale(axes, measure)
            axes.tick_params(labelsize="small", pad=1)
            axes.set_title(_title(table[table["arm"] == arm][measure.column], arm, own[arm]), fontsize="small", pad=3)
            if limits and not own[arm]:
                axes.set_ylim(*limits)
            before = [own[left] for left in others[place - place % columns : place]]
            axes.tick_params(labelleft=own[arm] or all(before))
        for axes in panels.flat[max(0, len(others) - columns) :]:
            axes.tick_params(labelbottom=True)
        for axes in panels.flat[len(others) :]:
            axes.set_visible(False)
        label = style.unit_below(measure.label, PANEL_HEIGHT * rows)
        block.supylabel(label, fontsize="medium", multialignment="center")
        block.supxlabel(xlabel, fontsize="medium")
    named = phrase("{arm} (reference)", arm=reference)
    style.legend(figure, [style.handle(named, style.BEHIND), style.handle(phrase("ablation"), style.ALONE)])


def _title(values: pd.Series[float], arm: str, own: bool) -> str:
    remark = phrase("own scale") if own else ""
    if values.empty:
        remark = phrase("no run")
    elif not np.isfinite(values.astype(float)).any():
        remark = phrase("not finite")
    return style.folded(arm, 20) + (f"\n({remark})" if remark else "")


def _scale(axes: Axes, measure: Measure) -> None:
    if measure.log:
        style.logarithmic(axes)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, steps=[1, 2, 5, 10]))


def _limits(table: pd.DataFrame, measure: Measure) -> tuple[float, float] | None:
    """A scale for everything in the table, with a margin."""
    values = table[measure.column].to_numpy(float)
    values = values[np.isfinite(values) & ((values > 0) | (not measure.log))]
    if not len(values):
        return None
    low, high = values.min(), values.max()
    if measure.log:
        margin = 10 ** (0.06 * (np.log10(high) - np.log10(low)))
        return style.decades(low / margin, high * margin)
    margin = 0.06 * (high - low) or 0.05
    return low - margin, high + margin
