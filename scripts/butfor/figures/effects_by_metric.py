"""Every ablation's effect on the metrics beside the one that decides: a panel for each, all with the same order of ablations."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from butfor.figures import style
from butfor.figures.axis_edge import draw_bar, tell_beyond
from butfor.figures.effect_limits import limits_of
from butfor.figures.side_names import name_sides
from butfor.figures.verdict_marks import colour_of, mark_of
from butfor.languages.phrases import stored, term
from butfor.study.metrics import Metric
from butfor.study.summary import VerdictSettings
from butfor.verdicts.rows import ContrastRow

COLUMNS = 3
LETTERS = 78  # in a line of all panels, of words at an edge


def effects_by_metric(
    rows: Sequence[ContrastRow], metrics: Sequence[Metric], verdict: VerdictSettings, arms: Sequence[str]
) -> Figure:
    """Effects with their intervals and the margin. rows: contrasts on any metric. arms: the ablations, from the foot up."""
    columns = min(COLUMNS, len(metrics))
    lines = -(-len(metrics) // columns)
    figure = style.sheet(lines * (1.0 + 0.8 * style.ROW * len(arms)) + 0.3)
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True)
    for axes, metric in zip(panels.flat, metrics, strict=False):
        _panel(axes, {row["arm"]: row for row in metric.rows(rows)}, metric, verdict, arms, LETTERS // columns)
    for axes in panels.flat[len(metrics) :]:
        axes.set_axis_off()
    panels[0, 0].set(ylim=(-0.7, len(arms) - 0.3))
    panels[0, 0].set_yticks(range(len(arms)), [style.folded(arm, 24) for arm in arms])
    drawn = [row for metric in metrics for row in metric.rows(rows) if row["arm"] in arms]
    words = dict.fromkeys(row["verdict"] for row in drawn)
    style.legend(figure, [style.dot(stored(word), **mark_of(word, 5)) for word in words])
    return figure


def _panel(
    axes: Axes, rows: dict[str, ContrastRow], metric: Metric, verdict: VerdictSettings, arms: Sequence[str], room: int
) -> None:
    """The effects on one metric. room: the letters that an edge has room for."""
    margin = metric.margin_in(verdict)
    if margin is not None and not metric.margins:
        axes.axvspan(-margin, margin, color="0.9", zorder=0)
    axes.axvline(0, color="0.5", linewidth=0.8, zorder=1)
    limits = limits_of(list(rows.values()), {}, margin)
    for place, row in ((place, rows[arm]) for place, arm in enumerate(arms) if arm in rows):
        style.margin_at(axes, place, row["margin"] if metric.margins else None)
        colour, effect = colour_of(row["verdict"]), row["effect"]
        if effect is None or not limits[0] <= effect <= limits[1]:
            tell_beyond(axes, place, row, limits, colour, metric.higher_is_better, room, "x-small")
            continue
        draw_bar(axes, place, row, limits, colour)
        axes.plot(effect, place, zorder=4, clip_on=False, **mark_of(row["verdict"], 5))
    axes.set_xlim(*limits)
    axes.xaxis.set_major_locator(MaxNLocator(3))  # of which the labels of small numbers do not touch
    axes.tick_params(axis="x", labelsize="small")
    axes.spines[["left"]].set_visible(False)
    axes.set_title(term(metric.title), fontsize="small", pad=16)
    axes.set_xlabel(term(metric.unit.short), fontsize="small")
    name_sides(axes, metric.higher_is_better)
    axes.grid(axis="y", visible=False)
