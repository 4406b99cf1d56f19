"""A row per arm: a dot per seed and a bar at their mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from butfor.figures import hover_titles, style


def draw_seed_dots(axes: Axes, table: pd.DataFrame, column: str, arms: Sequence[str]) -> None:
    """Draw a column of a table with a row per arm and seed; an arm without any keeps its empty row."""
    if not table.empty:
        sns.stripplot(table, x=column, y="arm", order=arms, color="0.6", size=4, jitter=False, ax=axes)
        titles = _by_arm(table, column, arms)
        for dots, words in zip([dots for dots in axes.collections if np.size(dots.get_offsets())], titles, strict=True):
            hover_titles.name(dots, words)
        sns.pointplot(
            table, x=column, y="arm", order=arms, errorbar=None, linestyle="none", markers="|", markersize=13,
            color=style.BLUE, ax=axes,
        )  # fmt: skip
    axes.set_yticks(range(len(arms)), [style.folded(arm, 26) for arm in arms])
    axes.set(ylim=(len(arms) - 0.5, -0.5), xlabel="", ylabel="")


def _by_arm(table: pd.DataFrame, column: str, arms: Sequence[str]) -> list[list[str]]:
    """The titles of an arm's dots, for each arm of which there are some."""
    rows = {arm: table[(table["arm"] == arm) & table[column].notna()] for arm in arms}
    return [
        [hover_titles.of_seed(arm, seed, value) for seed, value in zip(own["seed"], own[column], strict=True)]
        for arm, own in rows.items()
        if len(own)
    ]
