"""Records written as runs of MLflow.

What a run holds is decided here and in what this imports: a change of that code replaces the runs in MLflow (see
parameters.mirrored), a change of other code does not.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run, RunTag

from butfor.fingerprint import fingerprint
from butfor.records import measures
from butfor.records.record import Record, read
from butfor.records.results_folder import JobPlace, seed_of
from butfor.tracking import model_artifacts, run_content
from butfor.tracking.artifacts import ArtifactStore
from butfor.tracking.notes import preserved
from butfor.tracking.run_files import JobFiles
from butfor.tracking.tracked_metrics import settling

PARENT = "mlflow.parentRunId"
DIGEST = "butfor.digest"  # the tag that a run gets last: what it was written from
MEASURED = "butfor.measured"  # the tag that stands for the values which were added to it since
MOST_WITH_TAGS = (
    800  # metrics in the call that sets the digest; MLflow splits a longer one, and would send the tags first
)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunSource:
    """What a run is written from.

    path: the record's file. differences: see run_content.deltas. model: the file of the trained model, if it was kept.
    """

    path: Path
    record: Record
    differences: dict[str, float]
    model: Path | None


@dataclass(frozen=True)
class RunPlace:
    """Where a record is written: the `key` by which its run is known, the `digest` that stands for its content, the id of the
    run of its arm (`parent`), the runs that there are of this seed (`existing`), and the one of them that is to be completed
    (`run_id`), if one is.
    """

    key: str
    digest: str
    parent: str
    existing: list[Run]
    run_id: str | None


class RunWriter:
    """A writer of records into runs of one experiment; `tracking`: see parameters.mirrored."""

    def __init__(
        self, client: MlflowClient, experiment: str, artifacts: ArtifactStore, tracking: dict[str, Any]
    ) -> None:
        self._client, self._experiment, self._artifacts, self._tracking = client, experiment, artifacts, tracking
        self._has_warned = False

    def source(self, path: Path, record: Record) -> RunSource:
        """What the run of the record in the file `path` is written from."""
        job = JobPlace(path.parent)
        models, compared = self._tracking["models"], self._reference(path)
        model = job.model(models, seed_of(path))
        has_model = models != "none" and model.exists() and self._can_be_described(model, record)
        differences = run_content.deltas(record, compared, settling(self._tracking))
        return RunSource(path, record, differences, model if has_model else None)

    def _reference(self, path: Path) -> Record | None:
        """The record of the reference's run with the same seed, if there is one."""
        job = JobPlace(path.parent)
        name = self._tracking["arms"][job.arm]["reference"]
        place = job.of_arm(name).record(seed_of(path)) if name else None
        return read(place) if place and place.exists() else None

    def add_measures(self, run_id: str, path: Path, record: Record, measured: Sequence[Path | str]) -> None:
        """Add to the run of the record in a file what it is worth by the metrics that the study asks for, unless it holds that.
        record: with its values; measured: the files that the reference's are in."""
        reference = self._reference(path)
        compared = next(measures.merged([reference], measured)) if reference else None
        own = {f"{part}/{name}" for name, terms in self._tracking["metrics"].items() for part in terms["parts"]}
        values = {name: value for name, value in record.metrics.items() if name in own}
        metrics = [metric for metric in settling(self._tracking) if metric.name in own]
        points = run_content.measured(values, run_content.deltas(record, compared, metrics), time.time())
        digest = fingerprint([(point.key, point.value) for point in points])
        if points and self._client.get_run(run_id).data.tags.get(MEASURED) != digest:
            tags = {MEASURED: digest, "mlflow.note.content": run_content.describe(record, self._tracking)}
            self._client.log_batch(run_id, points, tags=tag_list(tags))

    def _can_be_described(self, model: Path, record: Record) -> bool:
        """Whether a model was trained by Keras; the first that was not is said."""
        by_keras = model_artifacts.is_of_keras(model, record)
        if not by_keras and not self._has_warned:
            log.warning("%s: MLflow is given models of Keras only, so this study's stay where they are", model)
            self._has_warned = True
        return by_keras

    def digest(self, source: RunSource) -> str:
        """A SHA-256 that stands for all that decides what the run holds."""
        settings = [self._tracking[key] for key in ("code", "experiment", "metric", "varying", "system_metrics")]
        settings += [sorted(metrics)] if (metrics := self._tracking.get("metrics")) else []
        arm = self._tracking["arms"][source.record.arm]
        decisive = json.dumps([settings, arm, source.differences, source.model is not None], sort_keys=True)
        return hashlib.sha256(source.path.read_bytes() + decisive.encode()).hexdigest()

    def create(self, arm: str, seed: int, started: float, tags: dict[str, str]) -> str:
        """The id of a new run; `started`: when its training did, in seconds since 1970."""
        name = f"{arm} · seed {seed}"
        run = self._client.create_run(self._experiment, start_time=round(started * 1000), run_name=name, tags=tags)
        return str(run.info.run_id)

    def write(self, source: RunSource, files: JobFiles, place: RunPlace) -> str:
        """Write a whole run, into the one that is to be completed or into a new one, and give its id. It gets its digest last."""
        record, digest = source.record, place.digest
        tags = run_content.tags(record, self._tracking, JobPlace(source.path.parent).look)
        tags = preserved({**tags, "butfor.key": place.key, PARENT: place.parent}, held_by(place.existing))
        run_id = place.run_id
        if run_id is None:
            run_id = self.create(record.arm, record.seed, record.timing["started"], tags)
        else:
            self._client.log_batch(run_id, tags=tag_list(tags))
        self._client.log_inputs(run_id, [run_content.dataset(record)])
        for file in files.of(source.path, record):
            self._artifacts.add(run_id, file)
        last_tags = {**self._add_model(source, run_id), DIGEST: digest}
        status = "FAILED" if record.status == "diverged" else "FINISHED"
        self._client.set_terminated(run_id, status, round(record.timing["ended"] * 1000))
        points = run_content.metrics(record, source.differences, self._tracking["system_metrics"])
        parameters = run_content.parameters(record.arm, record.seed, record.recipe, self._tracking)
        self._client.log_batch(run_id, points[:-MOST_WITH_TAGS])
        self._client.log_batch(run_id, points[-MOST_WITH_TAGS:], parameters, tag_list(last_tags))
        return run_id

    def _add_model(self, source: RunSource, run_id: str) -> dict[str, str]:
        """Add the files of the model, if it was kept, and return the tag that says so."""
        if source.model is None:
            return {}
        model = model_artifacts.description(source.model, source.record, run_id)
        for file in model_artifacts.files(source.model, model, source.record):
            self._artifacts.add(run_id, file)
        return {model_artifacts.HISTORY: model_artifacts.history(model)}


def held_by(runs: Iterable[Run]) -> dict[str, str]:
    """The tags of runs that another takes the place of."""
    return {key: value for run in runs for key, value in run.data.tags.items()}


def tag_list(tags: dict[str, str]) -> list[RunTag]:
    """Tags as MLflow's calls take them."""
    return [RunTag(key, value) for key, value in tags.items()]
