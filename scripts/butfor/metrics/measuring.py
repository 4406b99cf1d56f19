"""The measuring of a look's runs: each metric that the study asks for, of each run's predictions, computed once.

What was measured before, of the same predictions and the same data, by the same definition and code, is taken over.
"""

from __future__ import annotations

import logging
import math
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.data.dataset import Array
from butfor.data.limits import Validation
from butfor.fingerprint import fingerprint
from butfor.metrics import own_metric
from butfor.metrics.jackknife import pseudo_values
from butfor.metrics.scores import SCORES, Answered, answered
from butfor.metrics.stored_data import StoredData
from butfor.records import kept_predictions, measures
from butfor.records.measures import Value
from butfor.records.record import Record, read
from butfor.records.results_folder import METRIC_FILES_READ, records_of
from butfor.study.asked_metrics import MetricError
from butfor.study.keras_metrics import COUNTS, MARK
from butfor.user_code.files_read import noticed
from butfor.user_code.location import is_own

Terms = dict[str, Any]  # of a metric, see Targets.measuring
log = logging.getLogger(__name__)


def measure(
    measuring: dict[str, Any],
    folders: Iterable[Path | str],
    arrays: Sequence[Path | str],
    manifests: Sequence[Path | str],
    path: Path | str,
    known: Sequence[Path | str] = (),
) -> None:
    """Measure the runs whose records lie in the folders, and write what came of it into the file `path`.

    measuring: the `metrics` (name, score, options, parts, of one's own its `code`, `mark` and `files`), the share of
    `validation` examples by data set, and the fingerprint of the `code` that measures. arrays, manifests: of each data set, in
    that order. known: files of earlier measures.
    """
    path, sets = Path(path), _stored(measuring["validation"], arrays, manifests)
    before = measures.known([path, *known])
    records = {file: read(file) for folder in folders for file in records_of(Path(folder))}
    runs = [_Run(file, record, sets[data_set_of(record.arm)]) for file, record in records.items()]
    by_run: dict[Path, dict[str, tuple[str, float]]] = {run.path: {} for run in runs}
    for terms in measuring["metrics"]:  # all runs by one metric, so that one that fails does so at once
        with noticed(terms["score"]) as reads:
            for run in runs:
                asked = run.data.numbered(terms)
                for part in _parts(terms):
                    made = [*run.made_of, part, asked, measuring["code"]]
                    key = fingerprint([*made, *run.data.groups_mark])
                    value = before[key] if key in before else run.value(asked, part)
                    if value is not None:
                        by_run[run.path][f"{part}/{terms['name']}"] = key, value
        if is_own(terms["score"]):
            noted = path.parent / Path(METRIC_FILES_READ.format(mark=terms["mark"])).name
            if reads.digests or not noted.exists():
                reads.write(noted, terms["files"])
    count = sum(map(len, by_run.values()))
    log.info("%d runs, %d values, %d of them new", len(runs), count, sum(run.measured for run in runs))
    measures.write(path, [(run.record, by_run[run.path]) for run in runs])


def _stored(
    validation: dict[str, Validation], arrays: Sequence[Path | str], manifests: Sequence[Path | str]
) -> dict[str, StoredData]:
    files = zip(validation.items(), arrays, manifests, strict=True)
    return {name: StoredData(Path(stored), Path(about), share) for (name, share), stored, about in files}


def _parts(terms: Terms) -> list[str]:
    """The parts of the data on which a metric is measured: for a gap, also training examples."""
    return list(dict.fromkeys("train" if part == "gap" else part for part in terms["parts"]))


class _Run:
    """A run that is to be measured; `measured`: how many values were computed."""

    def __init__(self, path: Path, record: Record, data: StoredData) -> None:
        self.path, self.record, self.measured, self.data = path, record, 0, data
        self.digest = kept_predictions.digest(path)

    @property
    def made_of(self) -> list[Any]:
        """What its values follow from: predictions, data, and which examples of these it is tested on, if not all are."""
        fold = self.record.data.get("fold")
        return [self.digest, self.data.fingerprint, *([fold] if fold else [])]

    def value(self, terms: Terms, part: str) -> Value | None:
        """What a metric says of the predictions on a part; None of a run that diverged, and where a run that is of no use leaves
        it undefined. Raises MetricError."""
        if not self.record.metrics:
            return None
        self.measured += 1
        seed, size = self.record.seed, None if part == "test" else self.record.recipe["train_size"]
        rows, source = self.data.rows(part, seed, size)
        truth, predicted = self.data.array(f"y_{source}"), self._predictions[part]
        truth = truth if rows is None else truth[rows]
        if is_own(terms["score"]):
            return Value(own_metric.measured(terms["score"], truth, predicted, self.data.beside(source, rows, seed)))
        value, why = score_of(terms, truth, predicted, self.data.task)
        if math.isfinite(value):
            score = partial(_of_a_part, terms, self.data.task, len(truth))
            if part != "test":
                return Value.of(value)
            return Value.of(value, pseudo_values(score, truth, predicted, value, self.data.tested_groups))
        if self.record.status != "ok":
            return None
        raise MetricError(
            f"metrics.{terms['name']}: expected a number, received {value} for {self.record.arm}, seed {self.record.seed}, on"
            f" {part} examples{why}. Take the metric out, or choose another.",
            ("metrics", terms["name"]),
        )

    @cached_property
    def _predictions(self) -> dict[str, Array]:
        try:
            return kept_predictions.read(self.path)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as failure:
            file = kept_predictions.beside(self.path)
            file.unlink(missing_ok=True)
            raise MetricError(
                f"{file} was damaged or missing ({failure}) and is deleted. The same command makes it anew, with its training."
            ) from failure


def _of_a_part(terms: Terms, task: str, count: int, truth: Array, predicted: Array) -> float:
    """A metric's value on a part of the test set, which has `count` examples; of a count, what it would be on as many."""
    value = score_of(terms, truth, predicted, task)[0]
    return value * count / len(truth) if terms["score"].removeprefix(MARK) in COUNTS else value


def _computed(score: str, options: dict[str, Any], given: Answered) -> float:
    if score in SCORES:
        return SCORES[score](given, options)
    from butfor.engine.keras_scores import keras_score  # imports TensorFlow, which no other metric needs

    return keras_score(score.removeprefix(MARK), options, given.truth, given.predicted)


def score_of(terms: Terms, truth: Array, predicted: Array, task: str) -> tuple[float, str]:
    """The value of a metric of the catalogue; where there is none, NaN and why."""
    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("always")
        try:
            value = _computed(terms["score"], terms["options"], answered(truth, predicted, task))
        except ValueError as failure:
            return math.nan, f" ({' '.join(str(failure).split())[:200]})"
    why = f" ({' '.join(str(notices[0].message).split())[:200]})" if notices and not math.isfinite(value) else ""
    return value, why
