"""An arm of a study: a recipe with a name.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from butfor.arm_names import anywhere, data_set_of, on

Recipe = dict[str, Any]
BASELINE = "baseline"  # the arm with the full recipe
UNGROUPED = "others"  # the family of ablations to which the study gives none


@dataclass(frozen=True)
class Arm:
    """A trained recipe with a name.

    reference: the arm that it is compared with, if any. changed: the recipe keys in which it differs from its reference.
    family: a name shared by ablations that belong together. primary: whether it is one of those that share half of alpha.
    label: what it is called where results are shown; empty for its name.
    grid, levels: for a cell of a grid, the grid's name and the name of the level of each key. placebo: whether it has the
    baseline's recipe and other seeds (see study/placebo).
    """

    name: str
    recipe: Recipe
    reference: str | None = None
    family: str = ""
    changed: tuple[str, ...] = ()
    primary: bool = False
    grid: str = ""
    levels: tuple[tuple[str, str], ...] = ()
    placebo: bool = False
    label: str = ""

    @property
    def data_set(self) -> str:
        """The data set that it is trained on, of several; empty for the only one."""
        return data_set_of(self.name)


def is_baseline(arm: str) -> bool:
    """Whether an arm has the full recipe, on whichever data set."""
    return anywhere(arm) == BASELINE


def baseline_of(arm: str) -> str:
    """The arm with the full recipe on the data set of that arm."""
    return on(BASELINE, data_set_of(arm))
