"""The job that prepares the data, and sees at once whether the metrics that the study asks for can be computed of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import Array, DataError, load
from butfor.data.folds import Folds
from butfor.data.prepare import prepare
from butfor.data.same_task import Beside
from butfor.metrics.fitting import refuse_unfit
from butfor.metrics.metric_trial import try_own
from butfor.process.start_settings import StartSettings
from butfor.study.metrics import METRICS
from butfor.study.study_metrics import recorded_by


def prepare_data(
    settings: StartSettings,
    data_set: str,
    arrays_path: Path | str,
    manifest_path: Path | str,
    source_path: Path | str,
    reads_token: str,
    made_of: str,
    beside: Beside | None = None,
) -> None:
    """Find a data set and store it (see data/prepare). data_set: its name among several. Raises StudyError."""
    paths = arrays_path, manifest_path, source_path
    prepare(settings.data[data_set], *paths, reads_token=reads_token, made_of=made_of, beside=beside)
    about = json.loads(Path(manifest_path).read_text())
    if settings.decides in METRICS and settings.decides not in recorded_by(about):
        raise DataError(
            f"verdict.metric: expected one of {', '.join(recorded_by(about))} for task {about['task']}, received"
            f" {settings.decides}."
        )
    if settings.metrics:
        for truth in _tested(settings.data[data_set], arrays_path, manifest_path):
            tested = np.bincount(truth.reshape(-1)).tolist() if truth.dtype.kind in "iu" else []
            refuse_unfit(settings.metrics, about, tested, data_set)
        folds = settings.data[data_set].get("folds") or {"seeds": [0]}
        try_own(settings.metrics, arrays_path, manifest_path, settings.data[data_set]["validation"], folds["seeds"][0])


def _tested(data: dict[str, Any], arrays_path: Path | str, manifest_path: Path | str) -> Iterator[Array]:
    """The targets that are tested on: those of the test part, or of each fold."""
    if not (folds := data.get("folds")):
        with np.load(arrays_path, allow_pickle=False) as stored:
            yield stored["y_test"]
        return
    dataset, (first, count) = load(arrays_path, manifest_path), folds["seeds"]
    divided: Folds = dataset.folds  # type: ignore[assignment]  # which the settings ask for
    parts = (divided.parts(dataset.y_train, dataset.official, seed) for seed in range(first, first + count))
    yield from (dataset.y_train[tested] for _, tested in parts)
