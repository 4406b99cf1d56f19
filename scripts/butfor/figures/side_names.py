"""Names of the two sides of an axis of effects."""

from __future__ import annotations

from matplotlib.axes import Axes

from butfor.languages.phrases import phrase


def name_sides(axes: Axes, higher_is_better: bool) -> None:
    """Say above both sides of the line at 0 which is better."""
    worse, better = phrase("worse"), phrase("better")
    left, right = (worse, better) if higher_is_better else (better, worse)
    for words, side, away in ((f"← {left}", "right", -5), (f"{right} →", "left", 5)):
        axes.annotate(
            words, (0, 1), (away, 3), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
            ha=side, va="bottom", fontsize="small", color="0.35",
        )  # fmt: skip
