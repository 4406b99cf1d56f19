"""The critical-difference diagram (Demšar 2006): the arms on a line by their mean rank over data sets, those joined that do not
differ."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from butfor.figures import style
from butfor.languages.phrases import phrase
from butfor.verdicts.across_rows import Ranks

HEIGHT = 0.24  # inches a line


def critical_difference(ranks: Ranks | None, title: str) -> Figure:
    """The diagram, the best arm at the top right. ranks: None where too few arms were trained on every data set."""
    order = sorted(ranks["ranks"].items(), key=lambda pair: pair[1]) if ranks else []
    joined = _joined([rank for _, rank in order], ranks["critical"]) if ranks else []
    half = -(-len(order) // 2)
    figure = style.sheet(HEIGHT * (half + len(joined)) + 1.2)
    axes = figure.subplots()
    axes.set_axis_off()
    if not ranks:
        axes.text(0.5, 0.5, phrase("fewer than three arms on every data set"), ha="center", transform=axes.transAxes)
        return figure
    top, bottom = 2.2, -(half + len(joined) + 1.0)
    names = 0.5 * (len(order) - 0.5)  # what they take to both sides
    axes.set(xlim=(len(order) + 0.25 + names, 0.75 - names), ylim=(bottom, top))
    axes.set_title(
        phrase("Mean rank by {metric}; arms that a bar joins are not shown to differ", metric=title), fontsize="small"
    )
    _scale(axes, len(order), ranks["critical"])
    for place, (first, last) in enumerate(joined):
        y = -0.5 - 0.6 * place
        axes.plot([order[first][1] - 0.04, order[last][1] + 0.04], [y, y], color="0.15", linewidth=3.5)
    lowest = -0.5 - 0.6 * len(joined)
    for place, (arm, rank) in enumerate(order):
        is_good = place < half
        y = lowest - (place if is_good else len(order) - 1 - place) - 0.4
        edge = 0.75 if is_good else len(order) + 0.25
        axes.plot([rank, rank, edge], [0, y, y], color="0.4", linewidth=0.9)
        words = f"{style.folded(arm, 24)}  {rank:.2f}"
        axes.text(edge, y, f" {words}" if is_good else f"{words} ", ha="left" if is_good else "right", va="center")
    return figure


def _scale(axes: Axes, arms: int, critical: float) -> None:
    """The line of ranks, and above it how long the critical difference is."""
    axes.plot([1, arms], [0, 0], color="0.15", linewidth=1.2)
    for rank in range(1, arms + 1):
        axes.plot([rank, rank], [0, 0.2], color="0.15", linewidth=1.2)
        axes.text(rank, 0.3, str(rank), ha="center", va="bottom", fontsize="small")
    y, left = 1.35, min(float(arms), 1 + critical)
    axes.plot([1, left], [y, y], color=style.BLUE, linewidth=2, marker="|", markersize=7)
    words = phrase("critical difference {size}", size=f"{critical:.2f}")
    axes.text((1 + left) / 2, y + 0.12, words, ha="center", va="bottom", fontsize="small")


def _joined(ranks: list[float], critical: float) -> list[tuple[int, int]]:
    """The longest runs of arms, by place, of which the first and the last are not further apart than that."""
    spans: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = max(place for place in range(first, len(ranks)) if ranks[place] - ranks[first] <= critical)
        if last > first and not any(last <= end for _, end in spans):
            spans.append((first, last))
    return spans
