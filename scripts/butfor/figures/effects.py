"""Every ablation's effect on the metric that verdicts are asked of."""

from __future__ import annotations

from statistics import median_low
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from butfor.figures import style
from butfor.study.metrics import Metric
from butfor.study.summary import VerdictSettings
from butfor.verdicts.numbers import effect_of, interval_of, level
from butfor.verdicts.rows import UNJUDGED, UNPROVEN, VOID, ContrastRow, Verdict

GREY = 7
VERDICT_COLOURS: dict[Verdict, int] = {
    "helps": 2,
    "hurts": 3,
    "no meaningful difference": 0,
    "inconclusive": GREY,
    UNPROVEN: 1,
    VOID: 5,
    UNJUDGED: GREY,
}


def effects(
    rows: list[ContrastRow],
    by_seed: dict[str, list[float]],
    metric: Metric,
    verdict: VerdictSettings,
    which: str = "",
) -> Figure:
    """Every ablation's effect on a metric with its interval, its seeds and the margin, the best at the top.

    rows: contrasts on the metric. by_seed: paired differences per arm, in its unit. which: of the study's ablations these
    are, in a sentence, if they are not all. Effects far outside the others are
    written at the edge instead of squeezing the rest.
    """
    margin = metric.margin_in(verdict)
    ordered = sorted(rows, key=lambda row: metric.worth(row["effect"]))
    limits = _limits(rows, by_seed, margin)
    figure = style.sheet(1.3 + style.ROW * len(ordered))
    axes = figure.subplots()
    if margin is not None and not metric.margins:
        axes.axvspan(-margin, margin, color="0.9", zorder=0)
    axes.axvline(0, color="0.5", linewidth=0.8, zorder=1)
    for place, row in enumerate(ordered):
        style.margin_at(axes, place, row["margin"] if metric.margins else None)
        _effect_row(axes, place, row, by_seed.get(row["arm"], []), metric, limits)
    axes.set(xlim=limits, ylim=(-0.7, len(ordered) - 0.3))
    several = len({row["reference"] for row in rows}) > 1
    names = [f"{row['arm']}, against {row['reference']}" if several else row["arm"] for row in ordered]
    axes.set_yticks(range(len(ordered)), [style.folded(name, 32) for name in names])
    left, right = ("worse", "better") if metric.higher_is_better else ("better", "worse")
    axes.set_xlabel(
        f"{left} ←  {metric.title}, ablation minus reference ({metric.unit.name})  → {right}\n"
        f"bars: {level(verdict['alpha'])} interval of each ablation by itself; colours: corrected over all"
        + f"\n{which}".rstrip()
    )
    axes.grid(axis="y", visible=False)
    parted = any(row.get("typical_note") for row in rows)
    style.legend(figure, _legend([row["verdict"] for row in rows], metric, margin, parted))
    return figure


def _limits(rows: list[ContrastRow], by_seed: dict[str, list[float]], margin: float | None) -> tuple[float, float]:
    """Both ends of the effects' axis."""
    ends = [
        _ends(row["low"], row["high"], by_seed.get(row["arm"], []))
        for row in rows
        if row["low"] is not None and row["high"] is not None
    ]
    typical = max(1.5 * (margin or 0.0), median_low([max(abs(end) for end in pair) for pair in ends] or [0.0])) or 1.0
    return -_edge([-end for end, _ in ends], typical), _edge([end for _, end in ends], typical)


def _ends(low: float, high: float, seeds: list[float]) -> tuple[float, float]:
    """How far an ablation reaches to both sides, with its interval and its seeds."""
    return min([low, *seeds]), max([high, *seeds])


def _legend(verdicts: list[Verdict], metric: Metric, margin: float | None, parted: bool) -> list[Artist]:
    used = [verdict for verdict in dict.fromkeys((*VERDICT_COLOURS, *verdicts)) if verdict in verdicts]
    words = "on each data set" if metric.margins or margin is None else f"±{margin:g}"
    shade = [] if margin is None else [Patch(color="0.9", label=f"margin {words}")]
    dots = [style.dot(word, "o", color=colour_of(word)) for word in used]
    typical = [style.dot("typical run, where it differs", "D", color="white", markeredgecolor="0.4")] if parted else []
    return [*dots, style.dot("one seed", ".", color="0.6"), *typical, *shade]


def colour_of(verdict: Verdict) -> Any:
    """The colour that stands for a verdict."""
    return style.PALETTE[VERDICT_COLOURS.get(verdict, GREY)]


def _effect_row(
    axes: Axes, place: int, row: ContrastRow, seeds: list[float], metric: Metric, limits: tuple[float, float]
) -> None:
    """An effect as a dot with its interval, its seeds and, where that parts from it, the typical run; one that is off the axis,
    or none, in words at the edge."""
    low, high = limits
    colour = colour_of(row["verdict"])
    if row["effect"] is None:
        more_failures = row["failed_ablation"] > row["failed_reference"]
        _at_edge(
            axes, place, row["remark"] or "no finished pair", metric.higher_is_better, more_failures, limits, colour
        )
    elif not low <= row["effect"] <= high:
        words = effect_of(row) + (f" {interval_of(row)}" if row["low"] is not None else "")
        _at_edge(axes, place, words, row["effect"] < low, True, limits, colour)
    else:
        axes.plot(seeds, [place - 0.22] * len(seeds), ".", color="0.6", markersize=4, zorder=2)
        if row["low"] is not None and row["high"] is not None:
            axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2, zorder=3)
            cut = ((low, "<", row["low"] < low), (high, ">", row["high"] > high))
            for end, mark in ((end, mark) for end, mark, is_cut in cut if is_cut):
                axes.plot(end, place, mark, color=colour, markersize=6, clip_on=False, zorder=4)
        axes.plot(row["effect"], place, "o", color=colour, markersize=6, zorder=4)
        if row.get("typical_note") and row["typical"] is not None and low <= row["typical"] <= high:
            axes.plot(row["typical"], place, "D", color="white", markeredgecolor=colour, markersize=6, zorder=5)


def _at_edge(
    axes: Axes, place: int, words: str, left: bool, arrow: bool, limits: tuple[float, float], colour: Any
) -> None:
    """Words at the left or the right edge, with an arrow that points beyond it."""
    low, high = limits
    inset = 0.01 * (high - low)
    text = (f"◀ {words}" if left else f"{words} ▶") if arrow else words
    where, side = (low + inset, "left") if left else (high - inset, "right")
    axes.text(where, place, text, ha=side, va="center", fontsize="small", color=colour)


def _edge(reaches: list[float], typical: float) -> float:
    """How far one side of the effects' axis goes: to the end, unless a typical effect would then take less than an
    eighth of it; if so, to the first gap of a factor 3, and effects beyond are written, not drawn."""
    edge, far = typical, max([typical, *reaches])
    if far <= 8 * typical:
        return 1.08 * far
    for reach in sorted(reaches):
        if reach > 3.0 * edge:
            break
        edge = max(edge, reach)
    return 1.08 * edge
