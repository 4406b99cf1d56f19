"""The experiment of a study in an MLflow store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment, Run, ViewType

from butfor.tracking import sqlite
from butfor.tracking.artifacts import ArtifactStore
from butfor.tracking.target import SQLITE

PAGE = 1000  # runs in one answer of MLflow


class StudyExperiment:
    """The experiment of a study: its `client`, `id` and `artifacts`, and the runs that it holds.

    uri: the store. artifacts_folder: the folder of artifacts, if no server keeps them. tracking: see parameters.mirrored.
    """

    def __init__(self, uri: str, artifacts_folder: Path | None, tracking: dict[str, Any]) -> None:
        if uri.startswith(SQLITE):
            sqlite.prepare(Path(uri.removeprefix(SQLITE)))
        self.client = MlflowClient(uri)
        self.name: str = tracking["experiment"]
        location = f"mlflow-artifacts:/{self.name}" if artifacts_folder else None
        experiment = self._open(location, tracking["question"])
        self.id = str(experiment.experiment_id)
        self.artifacts = ArtifactStore(self.client, artifacts_folder, experiment.artifact_location)

    def _open(self, location: str | None, question: str) -> Experiment:
        """The experiment of that name, restored if it was deleted; a new one has its artifacts at `location`."""
        experiment = self.client.get_experiment_by_name(self.name)
        if experiment is None:
            tags = {"mlflow.note.content": question}
            return self.client.get_experiment(self.client.create_experiment(self.name, location, tags))
        if experiment.lifecycle_stage == "deleted":
            self.client.restore_experiment(experiment.experiment_id)
        return experiment

    def key(self, arm: str, seed: int) -> str:
        """The value of the tag `butfor.key` by which a run is known."""
        return f"{self.name}/{arm}/{seed}"

    def runs(self) -> list[Run]:
        """The runs of the study's arms."""
        return self.search(f"tags.`butfor.study` = '{self.name}'")

    def runs_of_seed(self, arm: str, seed: int) -> list[Run]:
        """The runs of a seed of an arm; one, but for what a killed import has left."""
        return self.search(f"tags.`butfor.key` = '{self.key(arm, seed)}'")

    def search(self, condition: str) -> list[Run]:
        """The runs that meet a condition, in the language of MLflow's search_runs."""
        runs: list[Run] = []
        token = None
        while True:
            page = self.client.search_runs([self.id], condition, ViewType.ACTIVE_ONLY, PAGE, page_token=token)
            runs += page
            if not (token := page.token):
                return runs

    def delete(self, runs: Iterable[Run]) -> None:
        """Delete runs."""
        for run in runs:
            self.client.delete_run(run.info.run_id)

    def set_tags(self, tags: dict[str, str]) -> None:
        """Set tags of the experiment, by which MLflow's pages know saved views, where they differ."""
        present = self.client.get_experiment(self.id).tags
        for key, value in tags.items():
            if present.get(key) != value:
                self.client.set_experiment_tag(self.id, key, value)
