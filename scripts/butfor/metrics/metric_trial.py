"""The trial of the metrics that are the user's own: each is computed once of made-up predictions for the examples that are tested
on, before anything trains, so that one that fails does so at once and not after all trainings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import Array
from butfor.data.limits import Validation
from butfor.metrics import own_metric
from butfor.metrics.stored_data import StoredData
from butfor.recipe.tasks import BINARY, MULTILABEL, OWN, TASKS
from butfor.user_code.location import OwnCodeError, is_own
from butfor.user_code.trial_errors import errors_reported

WHEN = "Tried on made-up predictions, before anything trains."


def try_own(
    metrics: Iterable[Mapping[str, Any]],
    arrays: Path | str,
    manifest: Path | str,
    validation: Validation,
    seed: int = 0,
) -> None:
    """Raises OwnCodeError for the first of the metrics that cannot be computed, with what the user's function raised. seed: the
    study's first, by which folds are divided. Of a task of which nothing is known, no predictions can be made up."""
    scores = [str(terms["score"]) for terms in metrics if is_own(str(terms["score"]))]
    if not scores:
        return
    data = StoredData(Path(arrays), Path(manifest), validation)
    if TASKS[data.task] is OWN:
        return
    rows, source = data.rows("test", seed, None)
    truth = data.array(f"y_{source}")
    truth = truth if rows is None else truth[rows]
    predicted, beside = made_up(truth, data.about), data.beside(source, rows, seed)
    for score in dict.fromkeys(scores):
        try:
            own_metric.measured(score, truth, predicted, beside, finite=False)
        except OwnCodeError as error:
            refusal = OwnCodeError(f"{error} {WHEN}")
            for note in getattr(error, "__notes__", []):
                refusal.add_note(note)
            raise refusal from error


def made_up(truth: Array, about: Mapping[str, Any]) -> Array:
    """Predictions in the shape and the range of a model's: probabilities of classes, or the targets of other examples. about: the
    manifest of the data."""
    task = TASKS[str(about.get("task") or "classification")]
    if not task.classes:
        return np.asarray(np.random.default_rng(0).permutation(truth), dtype=np.float32)
    outputs = tuple(about.get("outputs") or (int(about["classes"]),))
    return random_answers((len(truth), *outputs), task.name)


def random_answers(shape: tuple[int, ...], task: str) -> Array:
    """Numbers between 0 and 1 that differ from example to example; of the classes of a task in which an example has one, with the
    sum 1."""
    drawn = np.random.default_rng(0).uniform(0.01, 0.99, shape).astype(np.float32)
    one_class = TASKS[task].classes and TASKS[task] not in (BINARY, MULTILABEL)
    return drawn / drawn.sum(axis=-1, keepdims=True) if one_class else drawn


def main() -> None:
    """Try what standard input asks for, and say what was wrong."""
    with errors_reported():
        try_own(**json.load(sys.stdin))


if __name__ == "__main__":
    main()
