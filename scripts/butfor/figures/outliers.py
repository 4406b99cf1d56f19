"""Which arms end so far from the others that one scale for all would hide the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

GAP = 3.0
ALIKE = 0.06  # share of accuracy, or nats: what lies no further apart is never far
ALIKE_DECADES = 2.0


def outliers_at_the_end(table: pd.DataFrame, column: str, arms: Sequence[str], log: bool = False) -> list[str]:
    """The arms that end behind a gap of a factor 3 in the distance from the reference, the first of the arms.

    Or from the arms' median, if fewer are far from that. The reference's own way to its end counts as near, and what
    ends in no finite number as far. On a logarithmic scale, distances are in decades.
    """
    values = table[column].astype(float)
    scaled = table.assign(**{column: np.log10(values.where(values > 0)) if log else values})
    ends = final_values(scaled, column)
    finite = ends[np.isfinite(ends)]
    way = scaled.loc[(scaled["arm"] == arms[0]) & np.isfinite(scaled[column]), column]
    near = max(ALIKE_DECADES if log else ALIKE, float(way.max() - way.min()) if len(way) else 0.0)
    middle = finite.median()
    centres = [finite.get(arms[0], middle), *([middle] if len(finite) > 2 else [])]
    reached = max((_within_reach((finite - centre).abs(), near) for centre in centres), key=len)
    return [arm for arm in arms if arm in ends and arm not in reached]


def outliers_on_the_way(table: pd.DataFrame, column: str, arms: Sequence[str], x: str, log: bool = False) -> list[str]:
    """The arms that were that far from the reference's end at some x, wherever they end themselves."""
    values = table[column].astype(float)
    scaled = table.assign(**{column: np.log10(values.where(values > 0)) if log else values})
    trajectories = scaled[np.isfinite(scaled[column])].groupby(["arm", x])[column].mean()
    seen = set(trajectories.index.get_level_values("arm"))
    if arms[0] not in seen:
        return []
    centre = trajectories[arms[0]].iloc[-1]
    furthest = (trajectories - centre).abs().groupby("arm").max()
    reached = _within_reach(furthest, max(ALIKE_DECADES if log else ALIKE, float(furthest[arms[0]])))
    return [arm for arm in arms if arm in seen and arm not in reached]


def final_values(table: pd.DataFrame, column: str) -> pd.Series[float]:
    """Each arm's last value, as a mean over seeds."""
    return table.groupby(["arm", "seed"])[column].last().groupby("arm").mean()


def _within_reach(distances: pd.Series[float], reach: float) -> set[str]:
    for distance in distances.sort_values():
        if distance > GAP * reach:
            break
        reach = max(reach, distance)
    return set(distances[distances <= reach].index)
