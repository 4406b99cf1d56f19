"""The metric that decides, on what a training of a search predicts of its validation examples."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.data.dataset import Array
from butfor.metrics import own_metric
from butfor.metrics.stored_data import StoredData
from butfor.study.asked_metrics import MetricError
from butfor.training.rate_search import search
from butfor.user_code.location import is_own

Score = Callable[[int, int | None, Array], float]  # of a seed, the recipe's train_size and predictions


def scored_search(task: dict[str, Any], arrays: Path | str, manifest: Path | str, **others: Any) -> None:
    """The search of an arm's learning rate (see rate_search.search), by the metric that decides."""
    search(task, arrays, manifest, **others, scored=scored_by(task, arrays, manifest))


def scored_by(task: dict[str, Any], arrays: Path | str, manifest: Path | str) -> Score | None:
    """What scores the trainings of a search; none where their own figures decide. task: see Targets.search."""
    if "metric" not in task:
        return None
    return partial(_scored, task, StoredData(Path(arrays), Path(manifest), task["validation"]))


def _scored(task: dict[str, Any], data: StoredData, seed: int, train_size: int | None, predicted: Array) -> float:
    """Raises MetricError where the metric is no number."""
    from butfor.metrics.measuring import score_of  # imports scikit-learn, which no other search needs

    terms = data.numbered(task["metric"])
    rows, source = data.rows("validation", seed, train_size)
    truth = data.array(f"y_{source}")[rows]
    if is_own(terms["score"]):
        return own_metric.measured(terms["score"], truth, predicted, data.beside(source, rows, seed))
    value, why = score_of(terms, truth, predicted, data.task)
    if math.isfinite(value):
        return value
    place = ".".join(filter(None, ["data", data_set_of(task["arm"])]))
    raise MetricError(
        f"metrics.{terms['name']}: expected a number for the search of the learning rate, received {value} for {task['arm']},"
        f" seed {seed}, on {len(truth)} validation examples{why}. Write a larger {place}.validation, or make another metric"
        " primary.",
        ("metrics", terms["name"]),
    )
