"""Folds as replicates in numbers: which fold a seed is tested on, and how far training sets overlap. Standard library only."""

from __future__ import annotations

from typing import Any


def place_of(seed: int, folds: int) -> tuple[int, int]:
    """The division and the fold in it, both from 0, that a seed is tested on: seed n is fold n mod k of division n div k."""
    return divmod(seed, folds)


def overlap(replicates: dict[str, Any] | None) -> float:
    """Examples tested on per example trained on, by which training sets overlap (see stats.Rule); 0 without folds."""
    return 1 / (replicates["folds"] - 1) if replicates else 0.0
