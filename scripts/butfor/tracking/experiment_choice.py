"""The experiment of an MLflow store that holds a study: the one that bears its identity, whatever its name is by now.

One of the same name that does not bear it is another study's and is left alone: this one gets a name beside it. A study
that an earlier version mirrored has an experiment without an identity, which is given one.
"""

from __future__ import annotations

import contextlib
import getpass
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment, Run, ViewType
from mlflow.exceptions import MlflowException

from butfor.records.results_folder import TRACKED
from butfor.tracking import target
from butfor.tracking.identity import Identity, apart, identity_of
from butfor.tracking.notes import NOTE, WRITTEN

IDENTITY = "butfor.identity"  # the tag of an experiment and of its runs
OUR_NOTE = "Seed "  # how descriptions of runs began before those that were written here had a mark
FILE = "butfor.file"  # the tag of an experiment in a shared store: which file the identity of its last writer is in
PAGE = 1000  # runs in one answer of MLflow
NAME_IS_TAKEN = ("RESOURCE_ALREADY_EXISTS", "PERMISSION_DENIED")


def all_runs(client: MlflowClient, experiment: str, condition: str) -> list[Run]:
    """The active runs of an experiment that meet a condition, in the language of MLflow's search_runs."""
    runs: list[Run] = []
    token = None
    while True:
        page = client.search_runs([experiment], condition, ViewType.ACTIVE_ONLY, PAGE, page_token=token)
        runs += page
        if not (token := page.token):
            return runs


class ExperimentChoice:
    """The choice of the experiment of the study with this name, whose results are in a folder.

    joined: the identity that the study's file names, empty for the folder's own.
    """

    def __init__(self, client: MlflowClient, study: str, results: Path, joined: str) -> None:
        self._client, self._study, self._results, self._joined = client, study, results, joined
        self._own, self._question = target.is_own(results), ""
        self._identity = Identity(joined) if joined else identity_of(results, shared=not self._own)

    def find(self, location: str | None, tags: dict[str, str]) -> Experiment:
        """The study's experiment: active, and if it is new with artifacts at `location` and with these tags."""
        self._question = tags[NOTE]
        experiment = self._bearing(self._identity.id)
        if experiment and self._is_held_by_a_copy(experiment):
            self._identity = apart(self._results, self._identity)
            experiment = self._bearing(self._identity.id)
        experiment = experiment or self._of_earlier_identity() or self._of_earlier_version() or self._prepared()
        experiment = experiment or self._made(location, tags)
        if experiment.lifecycle_stage == "deleted":
            self._client.restore_experiment(experiment.experiment_id)
        if self._identity.files and not self._own and experiment.tags.get(FILE) != self._file:
            self._client.set_experiment_tag(experiment.experiment_id, FILE, self._file)
        return experiment

    @property
    def identity(self) -> str:
        """The value of the tag `butfor.identity` on the experiment and on each of its runs."""
        return self._value(self._identity.id)

    @property
    def kept(self) -> str:
        """The identity that the results folder keeps; empty if the study's file names another."""
        return "" if self._joined else self._identity.id

    @property
    def names(self) -> tuple[str, str]:
        """The study's name, and one that it has beside another study of that name."""
        return self._study, f"{self._study} ({getpass.getuser()}, {self._identity.id[:6]})"

    def in_words(self, experiment: Experiment) -> str:
        """What is to be known of the study's experiment, in a sentence or two: that an earlier version made it, or why it has a
        name other than the study; empty if there is nothing.
        """
        name, noted = experiment.name, self._noted()
        known = noted.get("target"), noted.get("experiment")
        if "identity" not in noted and known == (target.mark(), experiment.experiment_id):
            return (
                f"MLflow: the experiment “{name}” was made by an earlier version of butfor. It is kept with what was written"
                " there by hand; runs that this version writes otherwise were replaced."
            )
        if name == self._study:
            return ""
        if name != self.names[1]:
            return f"MLflow: the runs are in the experiment “{name}”, as it was renamed there."
        if self._identity.earlier and not self._own:
            why, other = f"{self._results} is a copy of another results folder", self._identity.earlier[-1]
        else:
            why, other = f"another study holds the name {self._study} there", self._holder()
        remedy = f" If it is the same study, `tracking: {{identity: {other}}}` puts them together." if other else ""
        return f"MLflow: {why}, so these runs are beside that one's, in the experiment “{name}”.{remedy}"

    @property
    def _file(self) -> str:
        return str(self._identity.files[-1])

    def _value(self, identity: str) -> str:
        return f"{identity}/{self._study}"

    def _bearing(self, identity: str) -> Experiment | None:
        """The experiment that bears an identity; of several, one that was not deleted."""
        condition = f"tags.`{IDENTITY}` = '{self._value(identity)}'"
        experiments = self._client.search_experiments(ViewType.ALL, filter_string=condition)
        return min(
            experiments, key=lambda one: (one.lifecycle_stage == "deleted", int(one.experiment_id)), default=None
        )

    def _is_held_by_a_copy(self, experiment: Experiment) -> bool:
        """Whether its last writer was a copy of this folder that passes for the original, or the other way round."""
        last = experiment.tags.get(FILE)
        return not self._own and bool(last and self._identity.files) and last not in map(str, self._identity.files)

    def _of_earlier_identity(self) -> Experiment | None:
        """In the folder's own store, which was copied with it: the experiment of the folder that this is a copy of."""
        for earlier in self._identity.earlier if self._own else ():
            if experiment := self._bearing(earlier):
                return self._adopted(experiment, lambda tags: IDENTITY in tags)
        return None

    def _of_earlier_version(self) -> Experiment | None:
        """The experiment that an earlier version made: in the folder's own store the one of that name, elsewhere the one that
        this folder's last import noted; of its runs, those that this import noted and this user made.
        """
        if self._joined:
            return None
        if self._own:
            experiment = self._client.get_experiment_by_name(self._study)
            return (
                self._adopted(experiment, lambda tags: True) if experiment and IDENTITY not in experiment.tags else None
            )
        noted, user = self._noted(), getpass.getuser()
        if noted.get("target") != target.mark() or "identity" in noted:
            return None
        with contextlib.suppress(MlflowException):  # it is gone for good
            experiment = self._client.get_experiment(noted["experiment"])
            if IDENTITY not in experiment.tags:
                keys = noted["runs"]
                return self._adopted(
                    experiment, lambda tags: tags["mlflow.user"] == user and tags["butfor.key"] in keys
                )
        return None

    def _prepared(self) -> Experiment | None:
        """One of the study's name without any run, as administrators make it to say where files go."""
        experiment = self._client.get_experiment_by_name(self._study)
        if experiment is None or IDENTITY in experiment.tags or experiment.lifecycle_stage == "deleted":
            return None
        if self._client.search_runs([experiment.experiment_id], "", ViewType.ALL, 1):
            return None
        return self._adopted(experiment, lambda tags: False)

    def _noted(self) -> dict[str, Any]:
        """What the last import noted; nothing if there was none, or if the note is damaged."""
        with contextlib.suppress(OSError, ValueError):
            noted: dict[str, Any] = json.loads((self._results / TRACKED).read_text())
            return noted
        return {}

    def _adopted(self, experiment: Experiment, is_ours: Callable[[Mapping[str, str]], bool]) -> Experiment:
        """An experiment that is this study's from now on, with those of its runs of seeds whose tags say so, and if they all do
        with that of the report.
        """
        if experiment.lifecycle_stage == "deleted":
            self._client.restore_experiment(experiment.experiment_id)
        runs = all_runs(self._client, experiment.experiment_id, "")
        of_seeds = [run for run in runs if "butfor.key" in run.data.tags]
        ours = [run for run in of_seeds if is_ours(run.data.tags)]
        others = [run for run in runs if "butfor.kind" in run.data.tags] if len(ours) == len(of_seeds) else []
        for run in (*ours, *others):
            self._client.set_tag(run.info.run_id, IDENTITY, self.identity)
        for run in ours:
            if _is_of_user(run.data.tags, OUR_NOTE):
                self._client.set_tag(run.info.run_id, WRITTEN, "")
        if _is_of_user(experiment.tags, self._question):
            self._client.set_experiment_tag(experiment.experiment_id, WRITTEN, "")
        self._client.set_experiment_tag(experiment.experiment_id, IDENTITY, self.identity)
        return self._client.get_experiment(experiment.experiment_id)

    def _made(self, location: str | None, tags: dict[str, str]) -> Experiment:
        try:
            return self._created(self.names[0], location, tags)
        except MlflowException as failure:
            if failure.error_code not in NAME_IS_TAKEN:
                raise
        experiment = self._bearing(self._identity.id)  # made by a request whose answer was lost
        return experiment or self._created(self.names[1], location, tags)

    def _created(self, name: str, location: str | None, tags: dict[str, str]) -> Experiment:
        made = self._client.create_experiment(name, location, {**tags, IDENTITY: self.identity})
        return self._client.get_experiment(made)

    def _holder(self) -> str:
        """The identity of the study that holds this one's name; empty if it has none, or may not be seen."""
        try:
            other = self._client.get_experiment_by_name(self._study)
        except MlflowException:
            return ""
        return str(other.tags.get(IDENTITY, "")).partition("/")[0] if other else ""


def _is_of_user(tags: Mapping[str, str], ours: str) -> bool:
    """Whether a user has written a description that has no mark; those written here began with `ours`."""
    return NOTE in tags and WRITTEN not in tags and not tags[NOTE].startswith(ours)
