"""The metrics that a recipe watches, of what it predicts of its validation examples after each epoch: by the functions that
measure runs when they are over."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from butfor.arm_names import data_set_of
from butfor.data.dataset import Array
from butfor.metrics import own_metric
from butfor.metrics.measuring import score_of
from butfor.metrics.metric_trial import random_answers
from butfor.metrics.stored_data import StoredData
from butfor.recipe.watched_figures import metrics_watched
from butfor.study.asked_metrics import MetricError
from butfor.user_code.location import is_own

Truth = tuple[
    Array, str, Array | None
]  # of validation examples, the stored part that they are of, and their places in it


class WatchedScores:
    """Those of a training or a search, see training/scorer_choice. training: its parameters."""

    def __init__(self, training: dict[str, Any], arrays: Path | str, manifest: Path | str) -> None:
        self._arm: str = training["arm"]
        self._data = StoredData(Path(arrays), Path(manifest), training["validation"])
        self._metrics = [self._data.numbered(dict(metric)) for metric in metrics_watched(training["recipe"])]

    def of(self, seed: int, train_size: int | None) -> Callable[[Array], dict[str, float]]:
        """What computes them of a run; NaN where a metric is undefined, as a correlation with what is all the same."""
        return partial(self._values, seed, self._truth(seed, train_size))

    def try_on(self, seed: int, train_size: int | None, predicted: Array) -> None:
        """Raises MetricError for a metric that is undefined whatever is predicted, OwnCodeError for the user's own that fails.
        predicted: by a model before it is trained."""
        truth = self._truth(seed, train_size)
        values = self._values(seed, truth, predicted)
        for metric in self._metrics:
            if math.isfinite(values[metric["name"]]):
                continue
            value, why = self._value(metric, seed, truth, random_answers(predicted.shape, self._data.task))
            if not math.isfinite(value):
                place = ".".join(filter(None, ["data", data_set_of(self._arm)]))
                raise MetricError(
                    f"monitor: expected a metric that the validation examples have, received {metric['name']}, which is {value}"
                    f" whatever is predicted of the {len(truth[0])} of {self._arm}, seed {seed}{why}. Write a larger"
                    f" {place}.validation, or watch another figure."
                )

    def _truth(self, seed: int, train_size: int | None) -> Truth:
        rows, source = self._data.rows("validation", seed, train_size)
        return self._data.array(f"y_{source}")[rows], source, rows

    def _values(self, seed: int, of: Truth, predicted: Array) -> dict[str, float]:
        return {metric["name"]: self._value(metric, seed, of, predicted)[0] for metric in self._metrics}

    def _value(self, metric: dict[str, Any], seed: int, of: Truth, predicted: Array) -> tuple[float, str]:
        """The value of a metric; where there is none, NaN and why."""
        truth, source, rows = of
        if not is_own(metric["score"]):
            return score_of(metric, truth, predicted, self._data.task)
        if not np.isfinite(predicted).all():  # of a run that diverges, which is no fault of the user's function
            return math.nan, ""
        beside = self._data.beside(source, rows, seed)
        value = own_metric.measured(metric["score"], truth, predicted, beside, finite=False)
        return (value if math.isfinite(value) else math.nan), ""
