"""A row per arm: a dot per seed and a bar at their mean."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from butfor.figures import style


def draw_seed_dots(axes: Axes, table: pd.DataFrame, column: str, arms: Sequence[str]) -> None:
    """Draw a column of a table with a row per arm and seed; an arm without any keeps its empty row."""
    if not table.empty:
        sns.stripplot(table, x=column, y="arm", order=arms, color="0.6", size=4, jitter=False, ax=axes)
        sns.pointplot(
            table, x=column, y="arm", order=arms, errorbar=None, linestyle="none", markers="|", markersize=13,
            color=style.BLUE, ax=axes,
        )  # fmt: skip
    axes.set_yticks(range(len(arms)), [style.folded(arm, 26) for arm in arms])
    axes.set(ylim=(len(arms) - 0.5, -0.5), xlabel="", ylabel="")
