"""Runs of MLflow that show trainings under way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlflow.entities import Run

from butfor.tracking import run_content
from butfor.tracking.arm_run_writing import ArmRuns
from butfor.tracking.artifacts import Artifact
from butfor.tracking.experiment import StudyExperiment
from butfor.tracking.notes import preserved
from butfor.tracking.run_content import Line
from butfor.tracking.run_writing import DIGEST, PARENT, RunWriter, held_by, tag_list


class LiveRunWriter:
    """A writer of runs that show trainings under way; `header`: the first line of a training's progress file."""

    def __init__(self, experiment: StudyExperiment, writer: RunWriter, arms: ArmRuns, tracking: dict[str, Any]) -> None:
        self._experiment, self._writer, self._arms, self._tracking = experiment, writer, arms, tracking

    def begin(self, header: Line) -> str:
        """The id of the run that shows a training, made if there is none; other runs of the same seed are deleted."""
        arm, seed, client = header["arm"], header["seed"], self._experiment.client
        existing = self._experiment.runs_of_seed(arm, seed)
        tags = {
            **run_content.tags_while_training(header, self._tracking),
            "butfor.key": self._experiment.key(arm, seed),
            PARENT: self._arms.parent(arm, header["started"]),
        }
        tags = preserved(tags, held_by(existing))
        live = [run for run in existing if is_live(run, header["started"])]
        if live:
            run_id = str(live[0].info.run_id)
            client.update_run(run_id, status="RUNNING")
            client.log_batch(run_id, tags=tag_list(tags))
            return run_id
        self._experiment.delete(existing)
        run_id = self._writer.create(arm, seed, header["started"], tags)
        parameters = run_content.parameters(arm, seed, header["recipe"], self._tracking)
        client.log_batch(run_id, params=parameters)
        return run_id

    def run_of(self, header: Line) -> str | None:
        """The id of the run that shows a training, if there is one."""
        runs = self._experiment.runs_of_seed(header["arm"], header["seed"])
        live = [run for run in runs if is_live(run, header["started"])]
        return str(live[0].info.run_id) if live else None

    def has_record(self, header: Line) -> bool:
        """Whether a run holds a record of the same seed of the same arm."""
        return any(DIGEST in run.data.tags for run in self._experiment.runs_of_seed(header["arm"], header["seed"]))

    def send(self, run_id: str, lines: Iterable[Line]) -> None:
        """Send the epochs among further `lines` of a progress file."""
        loads = self._tracking["system_metrics"]
        points = [point for line in lines if "epoch" in line for point in run_content.points(line, loads)]
        self._experiment.client.log_batch(run_id, points)

    def end(
        self,
        run_id: str,
        status: str,
        ended: float,
        tags: dict[str, str] | None = None,
        artifacts: Iterable[Artifact] = (),
    ) -> None:
        """End the run of a training, unless it holds the record by now; `ended`: when, in seconds since 1970."""
        client = self._experiment.client
        run = client.get_run(run_id)
        if run.info.lifecycle_stage != "active" or DIGEST in run.data.tags:
            return
        for artifact in artifacts:
            self._experiment.artifacts.add(run_id, artifact)
        client.log_batch(run_id, tags=tag_list(preserved(tags or {}, run.data.tags)))
        client.set_terminated(run_id, status, round(ended * 1000))


def is_live(run: Run, started: float) -> bool:
    """Whether a run shows the training that started at this time, and holds no record yet."""
    return DIGEST not in run.data.tags and run.data.tags.get("butfor.live") == str(started)
