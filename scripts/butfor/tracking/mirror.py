"""One experiment of one MLflow store, kept like the records."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import DatasetInput, Run, RunTag, ViewType

from butfor.record import Record, read
from butfor.tracking import content

SUMMARY = "report"
log = logging.getLogger(__name__)


class Mirror:
    """`experiment`: its id. `artifacts`: the folder of artifacts if the store is our own."""

    def __init__(self, uri: str, artifacts: Path | None, tracking: dict[str, Any]) -> None:
        if uri.startswith("sqlite:///"):
            Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self._client = MlflowClient(uri)
        self._artifacts = artifacts
        self._tracking = tracking
        self.experiment = self._open(tracking["experiment"])

    def _open(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            own = f"mlflow-artifacts:/{name}" if self._artifacts else None
            note = {"mlflow.note.content": self._tracking["question"]}
            return str(self._client.create_experiment(name, artifact_location=own, tags=note))
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def put(self, folders: Iterable[Path]) -> dict[str, str]:
        """Bring the runs of the folders' records up to date; says per key what was done: same, new or replaced."""
        existing: dict[str, list[Run]] = {}
        for run in self._of_the_study():
            existing.setdefault(run.data.tags.get("butfor.key", ""), []).append(run)
        done = {}
        for folder in folders:
            reference = self._tracking["arms"][folder.parent.name]["reference"]
            for path in sorted(folder.glob("seed_*.json")):
                other = folder.parents[1] / reference / folder.name / path.name if reference else None
                record, compared = read(path), read(other) if other and other.exists() else None
                key = self._key(record.arm, record.seed)
                done[key] = self._put(path, record, content.deltas(record, compared), key, existing.get(key, []))
        return done

    def _put(self, path: Path, record: Record, deltas: dict[str, float], key: str, existing: list[Run]) -> str:
        named = {**self._tracking, "arms": self._tracking["arms"][record.arm]}
        told = path.read_bytes() + json.dumps([named, deltas], sort_keys=True).encode()
        digest = hashlib.sha256(told).hexdigest()
        whole = [run for run in existing if run.data.tags.get("butfor.digest") == digest]
        for run in existing:
            if run not in whole[:1]:
                self._client.delete_run(run.info.run_id)
        if whole:
            return "same"
        self._create(record, deltas, key, digest, path)
        log.info("%s: %s", key, "replaced" if existing else "new")
        return "replaced" if existing else "new"

    def remove_others(self, folders: Iterable[Path]) -> None:
        """Delete the runs that have no record in the study's folders, and what a killed import has left of any."""
        keys = {
            self._key(folder.parent.name, int(path.stem.removeprefix("seed_")))
            for folder in folders
            for path in folder.glob("seed_*.json")
        }
        for run in self._of_the_study():
            if run.data.tags.get("butfor.key") not in keys or "butfor.digest" not in run.data.tags:
                self._client.delete_run(run.info.run_id)

    def mark_usable(self, void: Iterable[str]) -> None:
        """Tag each run with whether its figures say something: not if it failed, nor if its arm is void or unproven."""
        idle = set(void)
        for run in self._of_the_study():
            tags = run.data.tags
            usable = "no" if tags["butfor.status"] != "ok" or tags["butfor.arm"] in idle else "yes"
            if tags.get("butfor.usable") != usable:
                self._client.set_tag(run.info.run_id, "butfor.usable", usable)

    def summarise(self, results: Path, files: list[Path]) -> None:
        """Keep files below `results` as artifacts of the one run that holds no figure and no parameter."""
        told = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
        existing = self._find(f"tags.`butfor.kind` = '{SUMMARY}'")
        whole = [run for run in existing if run.data.tags.get("butfor.digest") == told]
        for run in existing:
            if run not in whole[:1]:
                self._client.delete_run(run.info.run_id)
        if whole:
            return
        note = "The study's report, figures and tables: see Artifacts."
        tags = {"butfor.kind": SUMMARY, "mlflow.note.content": note, **content.SOURCE}
        run_id = self._client.create_run(self.experiment, run_name=SUMMARY, tags=tags).info.run_id
        for path in files:
            self._keep(run_id, path, path.parent.relative_to(results))
        self._client.set_terminated(run_id, "FINISHED")
        self._client.set_tag(run_id, "butfor.digest", told)

    def save(self, tags: dict[str, str]) -> None:
        """Tags of the experiment, by which MLflow's pages know saved views."""
        present = self._client.get_experiment(self.experiment).tags
        for key, value in tags.items():
            if present.get(key) != value:
                self._client.set_experiment_tag(self.experiment, key, value)

    def _of_the_study(self) -> list[Run]:
        return self._find(f"tags.`butfor.study` = '{self._tracking['experiment']}'")

    def _key(self, arm: str, seed: int) -> str:
        return f"{self._tracking['experiment']}/{arm}/{seed}"

    def _find(self, words: str) -> list[Run]:
        found: list[Run] = []
        token = None
        while True:
            page = self._client.search_runs([self.experiment], words, ViewType.ACTIVE_ONLY, 1000, page_token=token)
            found += page
            if not (token := page.token):
                return found

    def _create(self, record: Record, deltas: dict[str, float], key: str, digest: str, path: Path) -> None:
        started, ended = (round(record.timing[moment] * 1000) for moment in ("started", "ended"))
        name = f"{record.arm} · seed {record.seed}"
        tags = {**content.tags(record, self._tracking, path.parent.name), "butfor.key": key}
        run = self._client.create_run(self.experiment, start_time=started, run_name=name, tags=tags)
        run_id = run.info.run_id
        self._client.log_batch(run_id, content.metrics(record, deltas), content.parameters(record, self._tracking), [])
        self._client.log_inputs(run_id, [DatasetInput(content.dataset(record))])
        self._keep(run_id, path)
        self._client.set_terminated(run_id, "FAILED" if record.status == "diverged" else "FINISHED", ended)
        self._client.log_batch(run_id, tags=[RunTag("butfor.digest", digest)])

    def _keep(self, run_id: str, path: Path, folder: Path = Path()) -> None:
        """A file as the run's artifact: copied into our own store, which has no server, or sent to the user's."""
        if self._artifacts is None:
            inside = None if folder == Path() else folder.as_posix()
            self._client.log_artifact(run_id, str(path), inside)
            return
        kept = self._artifacts / self._tracking["experiment"] / run_id / "artifacts" / folder
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, kept / path.name)
