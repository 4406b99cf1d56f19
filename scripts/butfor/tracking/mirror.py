"""One experiment of one MLflow store, kept like the records."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment, Run, RunTag, ViewType

from butfor.figures import run_curves, style
from butfor.record import Record, read
from butfor.tracking import content, files, models, sqlite
from butfor.tracking.artifacts import Artifacts
from butfor.tracking.files import Kept
from butfor.tracking_target import SQLITE

SUMMARY = "report"
# Runs that an earlier butfor wrote otherwise are replaced.
WRITTEN_BY = b"".join(Path(str(module.__file__)).read_bytes() for module in (content, files, models, run_curves, style))
WITH_THE_REST = 800  # metrics in the call that ends a run; MLflow cuts a longer one, and would write the tags too soon
log = logging.getLogger(__name__)


class Mirror:
    """`experiment`: its id. `artifacts`: the folder of artifacts if no server keeps them."""

    def __init__(self, uri: str, artifacts: Path | None, tracking: dict[str, Any]) -> None:
        if uri.startswith(SQLITE):
            sqlite.prepare(Path(uri.removeprefix(SQLITE)))
        self._client = MlflowClient(uri)
        self._tracking = tracking
        found = self._open(tracking["experiment"], f"mlflow-artifacts:/{tracking['experiment']}" if artifacts else None)
        self.experiment = str(found.experiment_id)
        self._artifacts = Artifacts(self._client, artifacts, found.artifact_location)

    def _open(self, name: str, location: str | None) -> Experiment:
        """The experiment of that name; a new one says that its artifacts are at `location`."""
        found = self._client.get_experiment_by_name(name)
        if found is None:
            note = {"mlflow.note.content": self._tracking["question"]}
            return self._client.get_experiment(self._client.create_experiment(name, location, note))
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        return found

    def put(self, folders: Iterable[Path]) -> dict[str, str]:
        """Bring the runs of the folders' records up to date; says per key what was done: same, new or replaced."""
        existing: dict[str, list[Run]] = {}
        for run in self._of_the_study():
            existing.setdefault(run.data.tags.get("butfor.key", ""), []).append(run)
        done = {}
        for folder in folders:
            records = {path: read(path) for path in sorted(folder.glob("seed_*.json"))}
            job = files.JobFiles(folder, records.values())
            for path, record in records.items():
                key = self._key(record.arm, record.seed)
                done[key] = self._put(path, record, job, key, existing.get(key, []))
        return done

    def _put(self, path: Path, record: Record, job: files.JobFiles, key: str, existing: list[Run]) -> str:
        named = [self._tracking[key] for key in ("experiment", "varying", "system_metrics")]
        deltas = content.deltas(record, self._reference_of(path))
        said = [named, self._tracking["arms"][record.arm], deltas, self._model_of(path) is not None]
        told = WRITTEN_BY + path.read_bytes() + json.dumps(said, sort_keys=True).encode()
        digest = hashlib.sha256(told).hexdigest()
        whole = [run for run in existing if run.data.tags.get("butfor.digest") == digest]
        live = [run for run in existing if _is_live(run, record.timing["started"])]
        kept = (whole or live)[:1]
        self._delete(run for run in existing if run not in kept)
        if whole:
            return "same"
        done = "completed" if live else "replaced" if existing else "new"
        self._write(record, deltas, digest, path, job, kept[0] if kept else None)
        log.info("%s: %s", key, done)
        return done

    def _reference_of(self, path: Path) -> Record | None:
        """The record of the reference of the run in `path`, with the same seed, if there is one."""
        arm, look = path.parents[1], path.parent
        reference = self._tracking["arms"][arm.name]["reference"]
        other = arm.parent / reference / look.name / path.name if reference else None
        return read(other) if other and other.exists() else None

    def _model_of(self, path: Path) -> Path | None:
        """The model that the run in `path` has kept, if it has and models are asked for."""
        arm, look = path.parents[1], path.parent
        file = arm.parents[1] / "models" / self._tracking["models"] / arm.name / look.name / f"{path.stem}.keras"
        return file if self._tracking["models"] != "none" and file.exists() else None

    def begin(self, about: content.Line) -> str:
        """The id of the run that shows a training under way, made if there is none; others of the same key go."""
        key = self._key(about["arm"], about["seed"])
        tags = {**content.tags_while_training(about, self._tracking), "butfor.key": key}
        found = self.begun(about)
        if found:
            self._client.update_run(found, status="RUNNING")
            self._client.log_batch(found, tags=_as_tags(tags))
            return found
        self._delete(self._of(about))
        run_id = self._new(about["arm"], about["seed"], about["started"], tags)
        told = content.parameters(about["arm"], about["seed"], about["recipe"], self._tracking)
        self._client.log_batch(run_id, params=told)
        return run_id

    def begun(self, about: content.Line) -> str | None:
        """The id of the run that shows a training under way, if there is one."""
        live = [run for run in self._of(about) if _is_live(run, about["started"])]
        return str(live[0].info.run_id) if live else None

    def holds_record(self, about: content.Line) -> bool:
        """Whether a run holds the record of a training of the same seed of the same arm."""
        return any("butfor.digest" in run.data.tags for run in self._of(about))

    def send(self, run_id: str, lines: Iterable[content.Line]) -> None:
        """What a training has said since, epoch by epoch."""
        loads = self._tracking["system_metrics"]
        epochs = [line for line in lines if "epoch" in line]
        self._client.log_batch(run_id, [point for line in epochs for point in content.points(line, loads)])

    def end(
        self, run_id: str, status: str, at: float, tags: dict[str, str] | None = None, kept: Iterable[Kept] = ()
    ) -> None:
        """Say how a training under way ended, and keep what tells of it, unless its record has said so."""
        run = self._client.get_run(run_id)
        if run.info.lifecycle_stage != "active" or "butfor.digest" in run.data.tags:
            return
        for file in kept:
            self._artifacts.keep(run_id, file)
        self._client.log_batch(run_id, tags=_as_tags(tags or {}))
        self._client.set_terminated(run_id, status, round(at * 1000))

    def remove_others(self, folders: Iterable[Path]) -> list[Run]:
        """Delete the runs that have no record in the study's folders, and what a killed import has left of any; gives the
        others.
        """
        keys = {
            self._key(folder.parent.name, int(path.stem.removeprefix("seed_")))
            for folder in folders
            for path in folder.glob("seed_*.json")
        }
        stay = []
        for run in self._of_the_study():
            if run.data.tags.get("butfor.key") not in keys or "butfor.digest" not in run.data.tags:
                self._delete([run])
            else:
                stay.append(run)
        return stay

    def mark_usable(self, runs: Iterable[Run], idle: Mapping[str, str]) -> None:
        """Tag each run with whether its figures say something, and if not why: it failed, or its arm is `idle`, which is
        to say void or unproven.
        """
        for run in runs:
            tags = run.data.tags
            if tags["butfor.status"] != "ok":
                marks = {"butfor.usable": "no"}
            else:
                why = idle.get(tags["butfor.arm"], "")
                marks = {"butfor.usable": "no" if why else "yes", "butfor.unusable": why}
            for key, value in marks.items():
                if tags.get(key, "") != value:
                    self._client.set_tag(run.info.run_id, key, value)

    def register(self) -> None:
        """Keep the baseline's best model in the model registry, if the study asks for it."""
        if self._tracking["register"]:
            models.register(self._client, self._tracking["experiment"], self._of_the_study())

    def summarise(self, results: Path, paths: list[Path]) -> None:
        """Keep `paths` below `results` as artifacts of the one run that holds no figure and no parameter."""
        told = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
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
        for path in paths:
            self._artifacts.keep(run_id, Kept(path.relative_to(results).as_posix(), path))
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

    def _of(self, about: content.Line) -> list[Run]:
        return self._find(f"tags.`butfor.key` = '{self._key(about['arm'], about['seed'])}'")

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

    def _write(
        self, record: Record, deltas: dict[str, float], digest: str, path: Path, job: files.JobFiles, begun: Run | None
    ) -> None:
        tags = {
            **content.tags(record, self._tracking, path.parent.name),
            "butfor.key": self._key(record.arm, record.seed),
        }
        if begun:
            run_id = begun.info.run_id
            self._client.log_batch(run_id, tags=_as_tags(tags))
        else:
            run_id = self._new(record.arm, record.seed, record.timing["started"], tags)
        self._client.log_inputs(run_id, [content.dataset(record)])
        for file in job.of(path, record):
            self._artifacts.keep(run_id, file)
        last = {"butfor.digest": digest}
        if kept := self._model_of(path):
            model = models.described(kept, record, run_id)
            last[models.HISTORY] = models.history(model)
            for file in models.files(kept, model, record):
                self._artifacts.keep(run_id, file)
        status, ended = "FAILED" if record.status == "diverged" else "FINISHED", record.timing["ended"]
        self._client.set_terminated(run_id, status, round(ended * 1000))
        points = content.metrics(record, deltas, self._tracking["system_metrics"])
        told = content.parameters(record.arm, record.seed, record.recipe, self._tracking)
        self._client.log_batch(run_id, points[:-WITH_THE_REST])
        self._client.log_batch(run_id, points[-WITH_THE_REST:], told, _as_tags(last))

    def _new(self, arm: str, seed: int, started: float, tags: dict[str, str]) -> str:
        name = f"{arm} · seed {seed}"
        run = self._client.create_run(self.experiment, start_time=round(started * 1000), run_name=name, tags=tags)
        return str(run.info.run_id)

    def _delete(self, runs: Iterable[Run]) -> None:
        for run in runs:
            self._client.delete_run(run.info.run_id)


def _as_tags(tags: dict[str, str]) -> list[RunTag]:
    return [RunTag(key, value) for key, value in tags.items()]


def _is_live(run: Run, started: float) -> bool:
    """Whether a run shows the training that started then and has not been completed."""
    return "butfor.digest" not in run.data.tags and run.data.tags.get("butfor.live") == str(started)
