"""The experiment of a study in an MLflow store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run

from butfor.tracking import sqlite
from butfor.tracking.artifacts import ArtifactStore
from butfor.tracking.experiment_choice import IDENTITY, ExperimentChoice, all_runs
from butfor.tracking.notes import NOTE, preserved
from butfor.tracking.target import SQLITE

KIND, TRAININGS = "mlflow.experimentKind", "custom_model_development"  # pages of MLflow 3.5 ask a visitor what it is


class StudyExperiment:
    """The experiment of a study: its `client`, `id` and `artifacts`, and the runs that it holds and that bear the study's
    `identity`; no other is looked at.

    uri: the store. artifacts_folder: the folder of artifacts, if no server keeps them. tracking: see parameters.mirrored.
    results: the results folder.
    """

    def __init__(self, uri: str, artifacts_folder: Path | None, tracking: dict[str, Any], results: Path) -> None:
        if uri.startswith(SQLITE):
            sqlite.prepare(Path(uri.removeprefix(SQLITE)))
        self.client = MlflowClient(uri)
        self.study: str = tracking["experiment"]
        choice = ExperimentChoice(self.client, self.study, results, tracking["identity"] or "")
        location = f"mlflow-artifacts:/{self.study}" if artifacts_folder else None
        experiment = choice.find(location, preserved({NOTE: tracking["question"]}, {}))
        self.id = str(experiment.experiment_id)
        self.identity, self.kept_identity, self.names = choice.identity, choice.kept, choice.names
        self.remark = choice.in_words(experiment)
        self.artifacts = ArtifactStore(self.client, artifacts_folder, experiment.artifact_location)

    def key(self, arm: str, seed: int) -> str:
        """The value of the tag `butfor.key` by which a run is known."""
        return f"{self.study}/{arm}/{seed}"

    def runs(self) -> list[Run]:
        """The runs of the arms' seeds."""
        return [run for run in self.search() if "butfor.key" in run.data.tags]

    def runs_of_seed(self, arm: str, seed: int) -> list[Run]:
        """The runs of a seed of an arm; one, but for what a killed import has left."""
        return self.search(f"tags.`butfor.key` = '{self.key(arm, seed)}'")

    def runs_of_kind(self, kind: str) -> list[Run]:
        """The runs that stand for no seed: those of arms, or the one of the report."""
        return self.search(f"tags.`butfor.kind` = '{kind}'")

    def search(self, condition: str = "") -> list[Run]:
        """The study's runs that meet a condition, in the language of MLflow's search_runs."""
        own = f"tags.`{IDENTITY}` = '{self.identity}'"
        return all_runs(self.client, self.id, f"{own} and {condition}" if condition else own)

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

    def describe(self, note: str) -> None:
        """Make the note the experiment's description, unless somebody has written another in MLflow's pages."""
        present = self.client.get_experiment(self.id).tags
        self.set_tags({KIND: present.get(KIND, TRAININGS), **preserved({NOTE: note}, present)})
