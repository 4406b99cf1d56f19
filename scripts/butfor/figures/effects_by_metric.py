"""Every ablation's effect on the metrics beside the one that decides: a panel for each, all with the same order of ablations."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from butfor.figures import style
from butfor.figures.side_names import name_sides
from butfor.figures.verdict_marks import colour_of, mark_of
from butfor.languages.phrases import stored, term
from butfor.study.metrics import Metric
from butfor.study.summary import VerdictSettings
from butfor.verdicts.rows import VOID, ContrastRow

COLUMNS = 3
FAR = 4.0  # times the typical reach, beyond which an effect is cut off at the edge, with an arrow


def effects_by_metric(
    rows: Sequence[ContrastRow], metrics: Sequence[Metric], verdict: VerdictSettings, arms: Sequence[str]
) -> Figure:
    """Effects with their intervals and the margin. rows: contrasts on any metric. arms: the ablations, from the foot up."""
    columns = min(COLUMNS, len(metrics))
    lines = -(-len(metrics) // columns)
    figure = style.sheet(lines * (1.0 + 0.8 * style.ROW * len(arms)) + 0.3)
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True)
    for axes, metric in zip(panels.flat, metrics, strict=False):
        _panel(axes, {row["arm"]: row for row in metric.rows(rows)}, metric, verdict, arms)
    for axes in panels.flat[len(metrics) :]:
        axes.set_axis_off()
    panels[0, 0].set(ylim=(-0.7, len(arms) - 0.3))
    panels[0, 0].set_yticks(range(len(arms)), [style.folded(arm, 24) for arm in arms])
    words = dict.fromkeys(row["verdict"] for row in rows)
    style.legend(figure, [style.dot(stored(word), **mark_of(word, 5)) for word in words])
    return figure


def _panel(
    axes: Axes, rows: dict[str, ContrastRow], metric: Metric, verdict: VerdictSettings, arms: Sequence[str]
) -> None:
    margin = metric.margin_in(verdict)
    if margin is not None and not metric.margins:
        axes.axvspan(-margin, margin, color="0.9", zorder=0)
    axes.axvline(0, color="0.5", linewidth=0.8, zorder=1)
    limit = _limit(list(rows.values()), margin)
    for place, row in enumerate(rows[arm] for arm in arms if arm in rows):
        style.margin_at(axes, place, row["margin"] if metric.margins else None)
        colour = colour_of(row["verdict"])
        if row["effect"] is None:
            axes.text(
                0,
                place,
                stored(row["remark"] or "no finished pair"),
                ha="center",
                va="center",
                fontsize="x-small",
                color=colour,
            )
            continue
        if row["low"] is not None and row["high"] is not None and row["verdict"] != VOID:
            axes.plot(
                [max(row["low"], -limit), min(row["high"], limit)], [place, place], color=colour, linewidth=2, zorder=3
            )
        far = abs(row["effect"]) > limit
        beyond = {"marker": "<" if row["effect"] < 0 else ">", "linestyle": "", "color": colour, "markersize": 5}
        look = beyond if far else mark_of(row["verdict"], 5)
        axes.plot(max(-limit, min(row["effect"], limit)), place, zorder=4, clip_on=False, **look)
    axes.set_xlim(-1.05 * limit, 1.05 * limit)
    axes.spines[["left"]].set_visible(False)
    axes.set_title(term(metric.title), fontsize="small", pad=16)
    axes.set_xlabel(term(metric.unit.short), fontsize="small")
    name_sides(axes, metric.higher_is_better)
    axes.grid(axis="y", visible=False)


def _limit(rows: Sequence[ContrastRow], margin: float | None) -> float:
    """How far the axis goes to both sides: as far as most intervals."""
    reaches = sorted(
        max(abs(row["low"]), abs(row["high"])) for row in rows if row["low"] is not None and row["high"] is not None
    )
    typical = reaches[len(reaches) // 2] if reaches else 0.0
    return max(min(reaches[-1] if reaches else 0.0, FAR * typical), 1.5 * (margin or 0.0)) or 1.0
