"""Records into MLflow: every run once, however often and however brokenly the import is repeated.

MLflow is a mirror: it may be deleted and is made again from the records. A run is known by its tag `butfor.key`; the
tag `butfor.digest`, written last, says which record it holds and that it is whole.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # its thread breaks other requests when it is offline
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # the default blocks a dead server's client for minutes

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, Metric, Param, Run, RunTag, ViewType
from mlflow.exceptions import MlflowException
from requests import RequestException

from butfor import tracking_target
from butfor.ablations import BASELINE
from butfor.errors import StudyError
from butfor.record import Record, read, write_atomically

log = logging.getLogger(__name__)


class TrackingError(StudyError):
    """MLflow could not be written to; nothing is lost, since the records are the truth."""


def track(tracking: dict[str, Any], runs: Path, results: Path, tracked: Path) -> None:
    """Mirror the records in the folder `runs` and note what was done in the file `tracked`.

    tracking: `experiment` (the study's name), `question`, `family`, `reference`, and `varying` (the recipe keys that
    are logged as parameters). Raises TrackingError.
    """
    uri, artifacts = tracking_target.store(results)
    try:
        with _only_writer(results):
            mirror = Mirror(uri, artifacts, tracking)
            done = {path.stem: mirror.put(path) for path in sorted(runs.glob("seed_*.json"))}
            mirror.remove_others(runs)
    except (MlflowException, RequestException, OSError) as failure:
        reason = re.sub(r"//[^/@\s]*@", "//", str(failure))[:300]
        raise TrackingError(
            f"MLflow could not be written to ({reason}). The records are complete without it; run the same"
            " command again once it can be reached."
        ) from failure
    write_atomically(tracked, json.dumps(done, indent=1))


class Mirror:
    """One experiment of one MLflow store."""

    def __init__(self, uri: str, artifacts: Path | None, tracking: dict[str, Any]) -> None:
        if uri.startswith("sqlite:///"):
            Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self._client = MlflowClient(uri)
        self._artifacts = artifacts
        self._tracking = tracking
        self._experiment = self._open(tracking["experiment"])

    def _open(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            own = f"mlflow-artifacts:/{name}" if self._artifacts else None
            note = {"mlflow.note.content": self._tracking["question"]}
            return str(self._client.create_experiment(name, artifact_location=own, tags=note))
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def put(self, path: Path) -> str:
        """Bring one record's run up to date; says what was done: "same", "new" or "replaced"."""
        digest = hashlib.sha256(path.read_bytes() + json.dumps(self._tracking, sort_keys=True).encode()).hexdigest()
        record = read(path)
        key = self._key(record.arm, record.seed)
        existing = self._find(f"tags.`butfor.key` = '{key}'")
        whole = [run for run in existing if run.data.tags.get("butfor.digest") == digest]
        for run in existing:
            if run not in whole[:1]:
                self._client.delete_run(run.info.run_id)
        if whole:
            return "same"
        self._create(record, key, digest, path)
        log.info("%s: %s", key, "replaced" if existing else "new")
        return "replaced" if existing else "new"

    def remove_others(self, runs: Path) -> None:
        """Delete the runs of the folder's arm and look whose record is no longer there."""
        arm, look = runs.parent.name, runs.name
        keys = {self._key(arm, int(path.stem.removeprefix("seed_"))) for path in runs.glob("seed_*.json")}
        for run in self._find(f"tags.`butfor.arm` = '{arm}' and tags.`butfor.look` = '{look}'"):
            if run.data.tags["butfor.key"] not in keys:
                self._client.delete_run(run.info.run_id)

    def _key(self, arm: str, seed: int) -> str:
        return f"{self._tracking['experiment']}/{arm}/{seed}"

    def _find(self, words: str) -> list[Run]:
        return list(self._client.search_runs([self._experiment], words, ViewType.ACTIVE_ONLY, max_results=1000))

    def _create(self, record: Record, key: str, digest: str, path: Path) -> None:
        started, ended = (round(record.timing[moment] * 1000) for moment in ("started", "ended"))
        name = f"{record.arm} · seed {record.seed}"
        tags = {**self._tags(record, path), "butfor.key": key}
        run = self._client.create_run(self._experiment, start_time=started, run_name=name, tags=tags)
        run_id = run.info.run_id
        self._client.log_batch(run_id, metrics(record), parameters(record, self._tracking), [])
        self._client.log_inputs(run_id, [DatasetInput(self._dataset(record))])
        self._keep(run_id, path)
        self._client.set_terminated(run_id, "FAILED" if record.status == "diverged" else "FINISHED", ended)
        self._client.log_batch(run_id, tags=[RunTag("butfor.digest", digest)])

    def _tags(self, record: Record, path: Path) -> dict[str, str]:
        return {
            "mlflow.user": getpass.getuser(),
            "mlflow.source.name": "butfor",
            "mlflow.source.type": "PROJECT",
            "mlflow.source.git.commit": record.machine["revision"],
            "mlflow.note.content": describe(record, self._tracking["reference"]),
            "butfor.study": self._tracking["experiment"],
            "butfor.arm": record.arm,
            "butfor.look": path.parent.name,
            "butfor.seed": str(record.seed),
            "butfor.status": record.status,
            "butfor.fingerprint": record.fingerprint,
        }

    def _dataset(self, record: Record) -> Dataset:
        source = json.dumps({"name": record.data["name"]})
        return Dataset(record.data["name"], record.data["fingerprint"], "local", source)

    def _keep(self, run_id: str, path: Path) -> None:
        """The record as the run's artifact: copied into our own store, which has no server, or sent to the user's."""
        if self._artifacts is None:
            self._client.log_artifact(run_id, str(path))
            return
        folder = self._artifacts / self._tracking["experiment"] / run_id / "artifacts"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / path.name)


def metrics(record: Record) -> list[Metric]:
    """The record's curves, a point per epoch, and its final figures under `test/` and `final/`."""
    found = []
    for row, ended in zip(record.history, record.timing["epochs_ended"], strict=True):
        last = record.learning_rate[row["epoch"] * record.steps_per_epoch - 1]
        values = {key: row[key] for key in row if "/" in key} | {"objective": row["objective"], "learning_rate": last}
        found += [Metric(key, value, round(ended * 1000), row["epoch"]) for key, value in values.items()]
    at = round(record.timing["ended"] * 1000)
    for key, value in record.metrics.items():
        part, _, name = key.partition("/")
        found.append(Metric(key if part == "test" else f"final/{part}_{name}", value, at, 0))
    return found


def parameters(record: Record, tracking: dict[str, Any]) -> list[Param]:
    """Arm, family, seed, and those settings in which the study's arms differ."""
    settings = {key: _in_short(record.recipe[key]) for key in tracking["varying"]}
    named = {"arm": record.arm, "family": tracking["family"], "seed": record.seed, **settings}
    return [Param(key, str(value)) for key, value in named.items()]


def describe(record: Record, reference: str | None) -> str:
    """The run in one plain sentence."""
    alone = "the full recipe" if record.arm == BASELINE else "a reference for other arms"
    role = f"an ablation of {reference}" if reference else alone
    outcome = record.reason or f"test accuracy {record.metrics['test/accuracy']:.4f}"
    return f"Seed {record.seed} of {record.arm}, {role}: {outcome}."


def _in_short(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    if "name" not in value:
        return ", ".join(f"{key}: {_in_short(item)}" for key, item in value.items()) or "none"
    settings = ", ".join(f"{key}={item}" for key, item in value.items() if key != "name")
    return f"{value['name']}({settings})" if settings else str(value["name"])


@contextmanager
def _only_writer(results: Path) -> Iterator[None]:
    """Hold the study's tracking lock: a fresh MLflow database survives only one writer."""
    results.mkdir(parents=True, exist_ok=True)
    with (results / ".tracking.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
