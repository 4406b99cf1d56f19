"""What the final weights of a run predict, for each example of a part of the data: probabilities of classes, or numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from butfor.data.dataset import Array, Dataset, Rows
from butfor.recipe.tasks import BINARY, MULTILABEL, OWN, TASKS
from butfor.training.protocol import Engine, Part
from butfor.user_code.location import OwnCodeError

AT_ONCE = 20_000  # examples


def predicted(
    engine: Engine, dataset: Dataset, rows: dict[str, Rows], parts: Iterable[str], tested: Array | None = None
) -> dict[str, Array]:
    """Predictions, float32 `(n, *outputs)`, by part: of all test examples, and of those `rows` of the training examples that a
    run has trained on (`train`) and validated on (`validation`). Of classes probabilities, of other tasks scores as they are.
    tested: the scores of all test examples, where they are known."""
    every = np.arange(len(dataset.y_test), dtype=np.int32)
    by_part = {}
    for part in parts:
        wanted = every if part == "test" else rows[part]
        source: Part = "test" if part == "test" else "train"
        if part == "test" and tested is not None:
            pieces = [tested]
        else:
            pieces = [engine.scores(source, wanted[at : at + AT_ONCE]) for at in range(0, len(wanted), AT_ONCE)]
        by_part[part] = np.concatenate([prediction_of(piece, dataset.task) for piece in pieces])
    return by_part


def try_prediction(engine: Engine, dataset: Dataset, model: str) -> None:
    """Predict one example with a model whose outputs are whatever its own loss takes. Raises OwnCodeError if they are no
    predictions, before it is trained. model: its name."""
    if TASKS[dataset.task] is not OWN:
        return
    try:
        engine.scores("test", np.arange(1, dtype=np.int32))
    except OwnCodeError as error:
        raise OwnCodeError(f"{model}: {error}") from error


def prediction_of(scores: Array, task: str) -> Array:
    """What scores of examples of a task predict."""
    if not TASKS[task].classes:
        return scores
    if TASKS[task] in (BINARY, MULTILABEL):
        return np.asarray(np.exp(-np.logaddexp(0, -scores.astype(np.float64))), dtype=np.float32)
    return probabilities(scores)


def probabilities(logits: Array) -> Array:
    """The softmax of logits `(n, classes)`, float32, summed in float64."""
    scores = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(scores / scores.sum(axis=-1, keepdims=True), dtype=np.float32)
