"""Every ablation's effect on test accuracy."""

from __future__ import annotations

import math
from statistics import median_low
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from butfor.figures import style
from butfor.verdict_words import UNPROVEN, VOID

GREY = 7
VERDICT_COLOURS = {
    "helps": 2,
    "hurts": 3,
    "no meaningful difference": 0,
    "inconclusive": GREY,
    UNPROVEN: 1,
    VOID: 5,
}


def effects(rows: list[dict[str, Any]], by_seed: dict[str, list[float]], verdict: dict[str, Any]) -> Figure:
    """Every ablation's effect on test accuracy with its interval, its seeds and the margin, sorted.

    rows: contrasts on test accuracy. by_seed: paired differences per arm, in points. Effects far outside the others
    are written at the edge instead of squeezing the rest.
    """
    ordered = sorted(rows, key=lambda row: -math.inf if row["effect"] is None else row["effect"])
    ends = [
        _ends(row, by_seed.get(row["arm"], [])) for row in rows if row["low"] is not None and row["high"] is not None
    ]
    typical = max(1.5 * verdict["margin"], median_low([max(abs(end) for end in pair) for pair in ends] or [0.0]))
    low, high = -_edge([-end for end, _ in ends], typical), _edge([end for _, end in ends], typical)
    figure = style.sheet(1.3 + style.ROW * len(ordered))
    axes = figure.subplots()
    axes.axvspan(-verdict["margin"], verdict["margin"], color="0.9", zorder=0)
    axes.axvline(0, color="0.5", linewidth=0.8, zorder=1)
    for place, row in enumerate(ordered):
        _effect_row(axes, place, row, by_seed.get(row["arm"], []), _colour(row["verdict"]), (low, high))
    axes.set(xlim=(low, high), ylim=(-0.7, len(ordered) - 0.3))
    several = len({row["reference"] for row in rows}) > 1
    names = [f"{row['arm']}, against {row['reference']}" if several else row["arm"] for row in ordered]
    axes.set_yticks(range(len(ordered)), [style.folded(name, 32) for name in names])
    axes.set_xlabel(
        "worse ←  test accuracy, ablation minus reference (accuracy points)  → better\n"
        f"bars: {100 * (1 - verdict['alpha']):g} % interval of each ablation by itself; colours: corrected over all"
    )
    axes.grid(axis="y", visible=False)
    style.legend(figure, _legend([row["verdict"] for row in rows], verdict["margin"]))
    return figure


def _ends(row: dict[str, Any], seeds: list[float]) -> tuple[float, float]:
    """How far an ablation reaches to both sides, with its interval and its seeds."""
    return min([row["low"], *seeds]), max([row["high"], *seeds])


def _legend(verdicts: list[str], margin: float) -> list[Artist]:
    used = [verdict for verdict in dict.fromkeys((*VERDICT_COLOURS, *verdicts)) if verdict in verdicts]
    return [
        *(style.dot(word, "o", color=_colour(word)) for word in used),
        style.dot("one seed", ".", color="0.6"),
        Patch(color="0.9", label=f"margin ±{margin:g}"),
    ]


def _colour(verdict: str) -> Any:
    return style.PALETTE[VERDICT_COLOURS.get(verdict, GREY)]


def _effect_row(
    axes: Axes, place: int, row: dict[str, Any], seeds: list[float], colour: Any, limits: tuple[float, float]
) -> None:
    low, high = limits
    inset = 0.01 * (high - low)
    label = {"va": "center", "fontsize": "small", "color": colour}
    if row["effect"] is None:
        arrow = "◀ " if row.get("failed_ablation", 0) > row.get("failed_reference", 0) else ""
        axes.text(low + inset, place, f"{arrow}{row['remark'] or 'no finished pair'}", ha="left", **label)
    elif row["effect"] < low:
        axes.text(low + inset, place, f"◀ {_number(row)}", ha="left", **label)
    elif row["effect"] > high:
        axes.text(high - inset, place, f"{_number(row)} ▶", ha="right", **label)
    else:
        axes.plot(seeds, [place - 0.22] * len(seeds), ".", color="0.6", markersize=4, zorder=2)
        if row["low"] is not None and row["high"] is not None:
            axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2, zorder=3)
            cut = [
                (end, mark) for end, mark, off in ((low, "<", row["low"] < low), (high, ">", row["high"] > high)) if off
            ]
            for end, mark in cut:
                axes.plot(end, place, mark, color=colour, markersize=6, clip_on=False, zorder=4)
        axes.plot(row["effect"], place, "o", color=colour, markersize=6, zorder=4)


def _number(row: dict[str, Any]) -> str:
    words = f"{row['effect']:+.2f}"
    if row["low"] is not None and row["high"] is not None:
        words += f" [{row['low']:+.2f}, {row['high']:+.2f}]"
    return words.replace("-", "−")


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
