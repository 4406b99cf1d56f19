"""The mirror of a study's records in MLflow."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mlflow.entities import Run

from butfor.records.record import Record, read
from butfor.records.results_folder import JobPlace, records_of, seed_of
from butfor.tracking import model_artifacts
from butfor.tracking.experiment import StudyExperiment
from butfor.tracking.live_run_writing import LiveRunWriter, is_live
from butfor.tracking.run_files import JobFiles
from butfor.tracking.run_writing import DIGEST, RunWriter

log = logging.getLogger(__name__)


class Mirror:
    """A mirror of a study's records in one `experiment`: a run for each, known by its tag `butfor.key`.

    live: the writer of runs that show trainings under way. tracking: see parameters.mirrored.
    """

    def __init__(self, experiment: StudyExperiment, tracking: dict[str, Any]) -> None:
        self.experiment, self._tracking = experiment, tracking
        self._writer = RunWriter(experiment.client, experiment.id, experiment.artifacts, tracking)
        self.live = LiveRunWriter(experiment, self._writer, tracking)

    def put(self, folders: Iterable[Path]) -> dict[str, str]:
        """Bring the runs of the folders' records up to date; returns by key what was done: same, new, completed or replaced."""
        existing: dict[str, list[Run]] = {}
        for run in self.experiment.runs():
            existing.setdefault(run.data.tags.get("butfor.key", ""), []).append(run)
        actions = {}
        for folder in folders:
            records = {path: read(path) for path in records_of(folder)}
            files = JobFiles(folder, records.values())
            for path, record in records.items():
                key = self.experiment.key(record.arm, record.seed)
                actions[key] = self._put(path, record, files, key, existing.get(key, []))
        return actions

    def _put(self, path: Path, record: Record, files: JobFiles, key: str, existing: list[Run]) -> str:
        source = self._writer.source(path, record)
        digest = self._writer.digest(source)
        whole = [run for run in existing if run.data.tags.get(DIGEST) == digest]
        live = [run for run in existing if is_live(run, record.timing["started"])]
        current = (whole or live)[:1]
        self.experiment.delete(run for run in existing if run not in current)
        if whole:
            return "same"
        action = "completed" if live else "replaced" if existing else "new"
        self._writer.write(source, files, key, digest, current[0].info.run_id if current else None)
        log.info("%s: %s", key, action)
        return action

    def remove_others(self, folders: Iterable[Path]) -> list[Run]:
        """Delete the runs that have no record in the folders, and incomplete ones that a killed import has left; returns the
        remaining runs.
        """
        places = [(JobPlace(folder), path) for folder in folders for path in records_of(folder)]
        keys = {self.experiment.key(job.arm, seed_of(path)) for job, path in places}
        remaining = []
        for run in self.experiment.runs():
            if run.data.tags.get("butfor.key") not in keys or DIGEST not in run.data.tags:
                self.experiment.delete([run])
            else:
                remaining.append(run)
        return remaining

    def mark_usable(self, runs: Iterable[Run], unusable_arms: Mapping[str, str]) -> None:
        """Tag each run with whether its metrics can be used. They cannot if it failed, or if its arm is among the
        `unusable_arms`, which say why.
        """
        for run in runs:
            tags = run.data.tags
            if tags["butfor.status"] != "ok":
                marks = {"butfor.usable": "no"}
            else:
                reason = unusable_arms.get(tags["butfor.study.arm"], "")
                marks = {"butfor.usable": "no" if reason else "yes", "butfor.unusable": reason}
            for key, value in marks.items():
                if tags.get(key, "") != value:
                    self.experiment.client.set_tag(run.info.run_id, key, value)

    def register_best_model(self) -> None:
        """Put the baseline's best model into the model registry, if the study asks for it."""
        if self._tracking["register"]:
            model_artifacts.register(self.experiment.client, self.experiment.name, self.experiment.runs())
