"""The runs of MLflow that stand for arms, each the parent of the runs of its seeds.

One is made, still empty, with the first run of a seed, and filled when the study is judged. One that holds something else is
replaced, since parameters and points of a run cannot be taken back; what somebody has tagged it with goes along.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container
from typing import Any

from mlflow.entities import Run

from butfor.tracking import arm_content
from butfor.tracking.arm_content import KIND, ArmContent
from butfor.tracking.artifacts import Artifact
from butfor.tracking.experiment import StudyExperiment
from butfor.tracking.notes import preserved
from butfor.tracking.run_writing import DIGEST, MOST_WITH_TAGS, held_by, tag_list

BEGUN = "butfor.begun"  # the tag that says what is being written into a run


class ArmRuns:
    """The runs of a study's arms in its experiment; tracking: see parameters.mirrored."""

    def __init__(self, experiment: StudyExperiment, tracking: dict[str, Any]) -> None:
        self._experiment, self._client, self._tracking = experiment, experiment.client, tracking
        self._runs: dict[str, list[Run]] = {}
        for run in experiment.runs_of_kind(KIND):
            self._runs.setdefault(run.data.tags.get("butfor.arm", ""), []).append(run)

    def parent(self, arm: str, started: float) -> str:
        """The id of the arm's run, which is made, without a verdict, if there is none; started: when a training of the arm's
        did, in seconds since 1970.
        """
        if not self._runs.get(arm):
            tags = preserved(arm_content.tags_before_verdict(arm, self._tracking), {})
            name = arm_content.called(arm, self._tracking)
            run = self._client.create_run(self._experiment.id, round(started * 1000), tags, name)
            self._client.update_run(run.info.run_id, status="SCHEDULED")
            self._runs[arm] = [run]
        return str(self._runs[arm][0].info.run_id)

    def write(self, arm: str, content: ArmContent) -> str:
        """The id of the run that holds the content and the arm's only one then."""
        digest, existing = self._digest(content), self._runs.get(arm, [])
        whole = [run for run in existing if run.data.tags.get(DIGEST) == digest]
        begun = [run for run in existing if run.data.tags.get(BEGUN, digest) == digest and DIGEST not in run.data.tags]
        current = (whole or begun)[:1]
        if not whole:
            tags = {**preserved(content.tags, held_by(existing)), BEGUN: digest}
            current = [self._written(arm, content, tags, digest, current[0] if current else None)]
        self._experiment.delete(run for run in existing if run.info.run_id != current[0].info.run_id)
        self._runs[arm] = current
        return str(current[0].info.run_id)

    def ids(self) -> dict[str, str]:
        """The id of each arm's run."""
        return {arm: str(runs[0].info.run_id) for arm, runs in self._runs.items() if runs}

    def remove_others(self, arms: Container[str]) -> None:
        """Delete the runs of arms that the study no longer has."""
        for arm in [name for name in self._runs if name not in arms]:
            self._experiment.delete(self._runs.pop(arm))

    def _digest(self, content: ArmContent) -> str:
        points = [(point.key, point.value, point.step) for point in content.points]
        held = [
            self._tracking["arm_code"],
            content.tags,
            [(p.key, p.value) for p in content.params],
            points,
            content.files,
        ]
        times = [content.statistics.started, content.statistics.ended]
        return hashlib.sha256(json.dumps([*held, times], sort_keys=True).encode()).hexdigest()

    def _written(self, arm: str, content: ArmContent, tags: dict[str, str], digest: str, run: Run | None) -> Run:
        start, end = (round(each * 1000) for each in (content.statistics.started, content.statistics.ended))
        if run is None:
            name = arm_content.called(arm, self._tracking)
            run = self._client.create_run(self._experiment.id, start_time=start, run_name=name, tags=tags)
        else:
            self._client.log_batch(run.info.run_id, tags=tag_list(tags))
        for name, text in content.files.items():
            self._experiment.artifacts.add(run.info.run_id, Artifact(name, text))
        self._client.set_terminated(run.info.run_id, "FINISHED", end)
        points = content.points
        self._client.log_batch(run.info.run_id, points[:-MOST_WITH_TAGS])
        self._client.log_batch(run.info.run_id, points[-MOST_WITH_TAGS:], content.params, tag_list({DIGEST: digest}))
        return run
