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
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from butfor.arm_names import data_set_of
from butfor.data.dataset import Array, split
from butfor.data.folds import Folds
from butfor.data.limits import Validation
from butfor.data.several_inputs import Inputs, mapped, named, nested, taken
from butfor.fingerprint import fingerprint
from butfor.metrics import own_metric
from butfor.metrics.jackknife import pseudo_values
from butfor.metrics.scores import SCORES, Answered, answered
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
    found: dict[Path, dict[str, tuple[str, float]]] = {run.path: {} for run in runs}
    for terms in measuring["metrics"]:  # all runs by one metric, so that one that fails does so at once
        with noticed(terms["score"]) as reads:
            for run in runs:
                for part in _parts(terms):
                    made = [*run.made_of, part, terms, measuring["code"]]
                    key = fingerprint([*made, *run.data.groups_mark(terms["score"])])
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

    @property
    def official(self) -> int:
        """How many of the training examples, the last ones, are an official validation part."""
        return int(self.about.get("official", 0))

    @cached_property
    def folds(self) -> Folds | None:
        """Those that the training examples are divided into, if they are."""
        with np.load(self.arrays, allow_pickle=False) as stored:
            groups = stored.get("groups", None)
        return Folds.of(self.about["folds"], groups) if "folds" in self.about else None

    def divided(self, seed: int) -> tuple[Array | None, Array | None]:
        """The rows of y_train that are a seed's training and validation part, and those that it is tested on; none without
        folds."""
        if self.folds is None:
            return None, None
        return self.folds.parts(self.array("y_train"), self.official, seed)

    def groups_mark(self, score: str) -> list[str]:
        """What stands for the groups of examples, of which a function of the user's own may be told."""
        return [self.about["groups"]] if is_own(score) and self.about.get("groups") else []

    def array(self, name: str) -> Array:
        """A stored array, such as `y_test`, read once."""
        if name not in self._read:
            with np.load(self.arrays, allow_pickle=False) as stored:
                self._read[name] = stored[name]
        return self._read[name]

    def inputs(self, source: str, seed: int) -> Inputs:
        """The stored inputs of a part, one array or several by name, with what is fitted on a seed's training rows."""
        name, shapes = f"x_{source}", nested(self.about["shapes"])[f"x_{source}"]
        several = isinstance(shapes, dict)
        kept = self.divided(seed)[0]
        inputs = {each: self.array(named(name, each)) for each in shapes} if several else self.array(name)
        if self.folds is None or kept is None:
            return inputs
        fold, train = self.folds, kept[: len(kept) - self.official]
        ready: Inputs = mapped(lambda x: fold.fitted(x, train), inputs)
        return ready

    @cached_property
    def _read(self) -> dict[str, Array]:
        return {}


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
        rows, source = self._rows(part)
        truth, predicted = self.data.array(f"y_{source}"), self._predictions[part]
        truth = truth if rows is None else truth[rows]
        if is_own(terms["score"]):
            return Value(own_metric.measured(terms["score"], truth, predicted, self._beside(source, rows)))
        value, why = _score(terms, truth, predicted, self.data.task)
        if math.isfinite(value):
            score = partial(_of_a_part, terms, self.data.task, len(truth))
            return Value.of(value, pseudo_values(score, truth, predicted, value) if part == "test" else ())
        if self.record.status != "ok":
            return None
        raise MetricError(
            f"metrics.{terms['name']}: expected a number, received {value} for {self.record.arm}, seed {self.record.seed}, on"
            f" {part} examples{why}. Take the metric out, or choose another.",
            ("metrics", terms["name"]),
        )

    def _rows(self, part: str) -> tuple[Array | None, str]:
        kept, tested = self.data.divided(self.record.seed)
        if part == "test":
            return tested, "test" if kept is None else "train"
        images = len(self.data.array("y_train")) if kept is None else len(kept)
        size = self.record.recipe["train_size"]
        train, held = split(images, self.data.validation, size, self.record.seed, self.data.official)
        rows = train if part == "train" else held
        return (rows if kept is None else kept[rows]), "train"

    def _beside(self, source: str, rows: Array | None) -> own_metric.Beside:
        def of_rows(given: Inputs) -> Inputs:
            asked: Inputs = mapped(np.copy, given) if rows is None else taken(given, rows)
            return asked

        beside: own_metric.Beside = {"inputs": lambda: of_rows(self.data.inputs(source, self.record.seed))}
        if not self.data.about.get("groups"):
            return beside
        return {**beside, "groups": lambda: of_rows(self.data.array(f"groups_{source}"))}

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
    value = _score(terms, truth, predicted, task)[0]
    return value * count / len(truth) if terms["score"].removeprefix(MARK) in COUNTS else value


def _computed(score: str, options: dict[str, Any], given: Answered) -> float:
    if score in SCORES:
        return SCORES[score](given, options)
    from butfor.engine.keras_scores import keras_score  # imports TensorFlow, which no other metric needs

    return keras_score(score.removeprefix(MARK), options, given.truth, given.predicted)


def _score(terms: Terms, truth: Array, predicted: Array, task: str) -> tuple[float, str]:
    """The value of a metric of the catalogue; where there is none, NaN and why."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            value = _computed(terms["score"], terms["options"], answered(truth, predicted, task))
        except ValueError as failure:
            return math.nan, f" ({' '.join(str(failure).split())[:200]})"
    why = f" ({' '.join(str(said[0].message).split())[:200]})" if said and not math.isfinite(value) else ""
    return value, why
