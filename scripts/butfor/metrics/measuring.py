"""The measuring of a look's runs: each metric that the study asks for, of each run's predictions, computed once.

What was measured before, of the same predictions and the same data, by the same definition and code, is taken over.
"""

from __future__ import annotations

import json
import logging
import math
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from butfor.arm_names import data_set_of
from butfor.data.dataset import Array, split
from butfor.data.limits import Validation
from butfor.fingerprint import fingerprint
from butfor.metrics import own_metric
from butfor.metrics.scores import SCORES, answered
from butfor.records import kept_predictions, measures
from butfor.records.record import Record, read
from butfor.records.results_folder import METRIC_FILES_READ, records_of
from butfor.study.asked_metrics import MetricError
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
    found: dict[Path, dict[str, tuple[str, float]]] = {run.path: {} for run in runs}
    for terms in measuring["metrics"]:  # all runs by one metric, so that one that fails does so at once
        with noticed(terms["score"]) as reads:
            for run in runs:
                for part in _parts(terms):
                    key = fingerprint([run.digest, run.data.fingerprint, part, terms, measuring["code"]])
                    value = before[key] if key in before else run.value(terms, part)
                    if value is not None:
                        found[run.path][f"{part}/{terms['name']}"] = key, value
        if is_own(terms["score"]):
            noted = path.parent / Path(METRIC_FILES_READ.format(mark=terms["mark"])).name
            if reads.digests or not noted.exists():
                reads.write(noted, terms["files"])
    count = sum(map(len, found.values()))
    log.info("%d runs, %d values, %d of them new", len(runs), count, sum(run.measured for run in runs))
    measures.write(path, [(run.record, found[run.path]) for run in runs])


def _stored(
    validation: dict[str, Validation], arrays: Sequence[Path | str], manifests: Sequence[Path | str]
) -> dict[str, StoredData]:
    files = zip(validation.items(), arrays, manifests, strict=True)
    return {name: StoredData(Path(stored), Path(about), share) for (name, share), stored, about in files}


def _parts(terms: Terms) -> list[str]:
    """The parts of the data on which a metric is measured: for a gap, also training examples."""
    return list(dict.fromkeys("train" if part == "gap" else part for part in terms["parts"]))


@dataclass
class StoredData:
    """A stored data set, of which only those arrays are read that are asked for. validation: the share to validate on."""

    arrays: Path
    manifest: Path
    validation: Validation

    @cached_property
    def about(self) -> dict[str, Any]:
        """The manifest."""
        return dict(json.loads(self.manifest.read_text()))

    @property
    def fingerprint(self) -> str:
        """That of the arrays."""
        return str(self.about["fingerprint"])

    @property
    def task(self) -> str:
        """What kind of targets there are."""
        return str(self.about.get("task") or "classification")

    def array(self, name: str) -> Array:
        """A stored array, such as `y_test`, read once."""
        if name not in self._read:
            with np.load(self.arrays, allow_pickle=False) as stored:
                self._read[name] = stored[name]
        return self._read[name]

    @cached_property
    def _read(self) -> dict[str, Array]:
        return {}


class _Run:
    """A run that is to be measured; `measured`: how many values were computed."""

    def __init__(self, path: Path, record: Record, data: StoredData) -> None:
        self.path, self.record, self.measured, self.data = path, record, 0, data
        self.digest = kept_predictions.digest(path)

    def value(self, terms: Terms, part: str) -> float | None:
        """What a metric says of the predictions on a part; None of a run that diverged, and where a run that is of no use leaves
        it undefined. Raises MetricError."""
        if not self.record.metrics:
            return None
        self.measured += 1
        rows, source = self._rows(part)
        truth, predicted = self.data.array(f"y_{source}"), self._predictions[part]
        truth = truth if rows is None else truth[rows]
        if is_own(terms["score"]):
            return own_metric.measured(terms["score"], truth, predicted, lambda: self._inputs(source, rows))
        value, why = _score(terms, truth, predicted, self.data.task)
        if math.isfinite(value):
            return value
        if self.record.status != "ok":
            return None
        raise MetricError(
            f"metrics.{terms['name']}: expected a number, received {value} for {self.record.arm}, seed {self.record.seed}, on"
            f" {part} examples{why}. Take the metric out, or choose another.",
            ("metrics", terms["name"]),
        )

    def _rows(self, part: str) -> tuple[Array | None, str]:
        if part == "test":
            return None, "test"
        about, images = self.data.about, len(self.data.array("y_train"))
        size, official = self.record.recipe["train_size"], int(about.get("official", 0))
        train, held = split(images, self.data.validation, size, self.record.seed, official)
        return (train if part == "train" else held), "train"

    def _inputs(self, source: str, rows: Array | None) -> Array:
        inputs = self.data.array(f"x_{source}")
        return inputs.copy() if rows is None else inputs[rows]

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


def _score(terms: Terms, truth: Array, predicted: Array, task: str) -> tuple[float, str]:
    """The value of a metric of the catalogue; where there is none, NaN and why."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            value = SCORES[terms["score"]](answered(truth, predicted, task), terms["options"])
        except ValueError as failure:
            return math.nan, f" ({' '.join(str(failure).split())[:200]})"
    why = f" ({' '.join(str(said[0].message).split())[:200]})" if said and not math.isfinite(value) else ""
    return value, why
