"""What computes the metrics that a recipe watches, as a training names it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from butfor.data.dataset import Array, Rows
from butfor.training.predictions import prediction_of
from butfor.training.protocol import Engine

Scores = Callable[[Array], dict[str, float]]  # of predictions for a run's validation examples, by name


class Scorer(Protocol):
    """Computes the metrics that a recipe watches, of any seed."""

    def of(self, seed: int, train_size: int | None) -> Scores:
        """What computes them of a run, whose validation examples follow from these."""

    def try_on(self, seed: int, train_size: int | None, predicted: Array) -> None:
        """Compute them once. Raises StudyError where that will come to nothing. predicted: by a model before it is trained."""


def scorer_of(training: dict[str, Any], arrays: Path | str, manifest: Path | str) -> Scorer | None:
    """That of a training or a search; none where no metric is watched. It is loaded by name, as an engine is: what trains without
    it does not depend on how metrics are computed."""
    if "scorer" not in training:
        return None
    module, _, kind = training["scorer"].partition(":")
    scorer: Scorer = getattr(importlib.import_module(module), kind)(training, arrays, manifest)
    return scorer


def scores_of(scorer: Scorer, engine: Engine, task: str, run: tuple[int, int | None], held: Rows) -> Scores:
    """What computes the metrics of a run, once it has computed them of what its model predicts before it is trained. run: its
    seed and train_size. held: its validation examples."""
    _, scores = engine.figures_and_scores("train", held)
    scorer.try_on(*run, prediction_of(scores, task))
    return scorer.of(*run)
