"""Folds as replicates: which fold a seed is tested on, how far training sets overlap, and whether they are stratified. Standard
library only."""

from __future__ import annotations

from typing import Any

from butfor.recipe.tasks import BINARY, CLASSIFICATION

ONE_CLASS = (CLASSIFICATION.name, BINARY.name)


def place_of(seed: int, folds: int) -> tuple[int, int]:
    """The division and the fold in it, both from 0, that a seed is tested on: seed n is fold n mod k of division n div k."""
    return divmod(seed, folds)


def overlap(replicates: dict[str, Any] | None) -> float:
    """Examples tested on per example trained on, by which training sets overlap (see stats.Rule); 0 without folds."""
    return 1 / (replicates["folds"] - 1) if replicates else 0.0


def is_stratified(asked: bool | None, task: str) -> bool:
    """Whether folds are by class: as the study says, or else where each example has one."""
    return task in ONE_CLASS if asked is None else asked
