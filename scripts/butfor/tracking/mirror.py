"""The mirror of a study's records in MLflow."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow.entities import Run

from butfor.records import measures
from butfor.records.failure_rule import counts_as_failed
from butfor.records.record import Record, read
from butfor.records.results_folder import JobPlace, records_of, seed_of
from butfor.tracking import arm_content, model_artifacts
from butfor.tracking.arm_content import Judgement
from butfor.tracking.arm_run_writing import ArmRuns
from butfor.tracking.experiment import StudyExperiment
from butfor.tracking.live_run_writing import LiveRunWriter, is_live
from butfor.tracking.run_files import JobFiles
from butfor.tracking.run_writing import DIGEST, PARENT, RunPlace, RunWriter

Runs = dict[str, list[Run]]  # by key
log = logging.getLogger(__name__)


class Mirror:
    """A mirror of a study's records in one `experiment`: a run for each, known by its tag `butfor.key`, below one for its arm.

    live: the writer of runs that show trainings under way. tracking: see parameters.mirrored.
    """

    def __init__(self, experiment: StudyExperiment, tracking: dict[str, Any]) -> None:
        self.experiment, self._tracking = experiment, {**tracking, "identity": experiment.identity}
        self._arms = ArmRuns(experiment, self._tracking)
        self._writer = RunWriter(experiment.client, experiment.id, experiment.artifacts, self._tracking)
        self.live = LiveRunWriter(experiment, self._writer, self._arms, self._tracking)

    def put(
        self,
        folders: Iterable[Path],
        judged: Mapping[str, Judgement] | None = None,
        measured: Sequence[Path | str] = (),
    ) -> dict[str, str]:
        """Bring the runs of the folders' records up to date and, once the study is `judged`, those of its arms; returns by key
        what was done: same, new, completed or replaced. measured: the files of what runs are worth by the study's metrics.
        """
        existing: Runs = {}
        for run in self.experiment.runs():
            existing.setdefault(run.data.tags["butfor.key"], []).append(run)
        by_arm: dict[str, list[Path]] = {}
        for folder in folders:
            by_arm.setdefault(JobPlace(folder).arm, []).append(folder)
        actions: dict[str, str] = {}
        for arm, places in by_arm.items():
            actions |= self._put_arm(arm, places, existing, judged, measured)
        if judged is not None:
            self._arms.remove_others(by_arm)
        return actions

    def _put_arm(
        self,
        arm: str,
        folders: list[Path],
        existing: Runs,
        judged: Mapping[str, Judgement] | None,
        measured: Sequence[Path | str],
    ) -> dict[str, str]:
        jobs = [{path: read(path) for path in records_of(folder)} for folder in folders]
        records = list(measures.merged([record for job in jobs for record in job.values()], measured))
        values = {record.seed: record for record in records}
        if not records:
            return {}
        if judged is None:
            parent = self._arms.parent(arm, min(record.timing["started"] for record in records))
        else:
            parent = self._arms.write(arm, arm_content.content(arm, records, judged[arm], self._tracking))
        actions = {}
        for folder, job in zip(folders, jobs, strict=True):
            files = JobFiles(folder, job.values())
            for path, record in job.items():
                key = self.experiment.key(record.arm, record.seed)
                actions[key], run = self._put(path, record, files, key, parent, existing.get(key, []))
                if measured:
                    self._writer.add_measures(run, path, values[record.seed], measured)
        return actions

    def _put(
        self, path: Path, record: Record, files: JobFiles, key: str, parent: str, existing: list[Run]
    ) -> tuple[str, str]:
        """What was done, and the id of the run that the record has by now."""
        source = self._writer.source(path, record)
        digest = self._writer.digest(source)
        whole = [run for run in existing if run.data.tags.get(DIGEST) == digest]
        live = [run for run in existing if is_live(run, record.timing["started"])]
        current = (whole or live)[:1]
        written = current[0].info.run_id if current else None
        if whole:
            self._set_tag(current[0], PARENT, parent)
        else:
            written = self._writer.write(source, files, RunPlace(key, digest, parent, existing, written))
        self.experiment.delete(run for run in existing if run not in current)
        action = "same" if whole else "completed" if live else "replaced" if existing else "new"
        if not whole:
            log.info("%s: %s", key, action)
        return action, str(written)

    def arm_ids(self) -> dict[str, str]:
        """The id of each arm's run."""
        return self._arms.ids()

    def remove_others(self, folders: Iterable[Path]) -> list[Run]:
        """Delete the runs that have no record in the folders, and incomplete ones that a killed import has left; returns the
        remaining runs.
        """
        places = [(JobPlace(folder), path) for folder in folders for path in records_of(folder)]
        keys = {self.experiment.key(job.arm, seed_of(path)) for job, path in places}
        remaining = []
        for run in self.experiment.runs():
            if run.data.tags["butfor.key"] not in keys or DIGEST not in run.data.tags:
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
            if counts_as_failed(tags["butfor.status"], self._tracking["must_learn"], self._tracking["metric"]):
                marks = {"butfor.usable": "no"}
            else:
                reason = unusable_arms.get(tags["butfor.arm"], "")
                marks = {"butfor.usable": "no" if reason else "yes", "butfor.unusable": reason}
            for key, value in marks.items():
                self._set_tag(run, key, value)

    def register_best_model(self) -> None:
        """Put the baseline's best model into the model registry, if the study asks for it."""
        if self._tracking["register"]:
            store = self.experiment
            model_artifacts.register(store.client, store.names, store.identity, store.runs())

    def _set_tag(self, run: Run, key: str, value: str) -> None:
        if run.data.tags.get(key, "") != value:
            self.experiment.client.set_tag(run.info.run_id, key, value)
