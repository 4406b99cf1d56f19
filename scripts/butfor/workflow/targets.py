"""The files that a study requests from Snakemake, by its plan and by the decisions of earlier looks.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from butfor.figures import gallery
from butfor.fingerprint import canonical, fingerprint
from butfor.records.results_folder import (
    BUILT,
    DATA_FILES_READ,
    DECISION,
    MODELS,
    RATES,
    RUNS,
    RUNS_FOLDER,
    TUNED,
    finished_seeds,
)
from butfor.study.plan import Plan
from butfor.training.built import failure
from butfor.user_code import location
from butfor.user_code.files_read import made_of
from butfor.workflow import inheritance, parameters
from butfor.workflow.inheritance import Inheritance
from butfor.workflow.own_files import OwnFiles

Trainings = Iterable[tuple[str, str]]
DRAWN_AS = ("png", "svg")


class Targets:
    """The files of a planned study.

    settings: the study's, completed. codes: the fingerprints of the code that makes the data, builds users' models, and trains.
    own: the files that the user brings. next_arms: the arms that train after a look, by its decision, which may have to be
    made first. is_dry_run: whether nothing may be changed, but is to be foreseen.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        plan: Plan,
        codes: tuple[str, str, str],
        own: OwnFiles,
        next_arms: Callable[[str], list[str]],
        is_dry_run: bool = False,
    ) -> None:
        self._plan, self._next_arms, self._is_dry_run = plan, next_arms, is_dry_run
        self._foreseen: set[str] = set()
        self.forced: set[str] = set()  # files that a dry run is to count as missing
        preparing, building, self._code = codes
        self._results, self._models = settings["results"], settings["tracking"]["models"]
        self.data = own.data(settings["data"])
        self.data_made_of = fingerprint([self.data, preparing])
        recipes = {name: canonical(arm.recipe) for name, arm in plan.arms.items()}
        self.user_models = {name: r for name, r in recipes.items() if location.is_own(r["model"]["name"])}
        self._own = {name: own.model(recipe) for name, recipe in self.user_models.items()}
        marks = {
            name: fingerprint([recipe, self._own[name]["code"], self.data, building])
            for name, recipe in self.user_models.items()
        }
        self._built = {name: f"{self._results}/{BUILT.format(arm=name, mark=mark)}" for name, mark in marks.items()}

    def training(self, arm: str, look: str) -> dict[str, Any]:
        """The parameters of a training (see parameters.training), and what Snakemake is told that it is made from."""
        training = parameters.training(self._plan, arm, look, self._code, self._user_code(arm))
        return {**training, "token": inheritance.token(Path(self._results), training, look)}

    def announcement(self, arm: str, look: str, is_forced: Callable[[Path], bool]) -> str:
        """What the job of a training says of itself."""
        results, training = (
            Path(self._results),
            parameters.training(self._plan, arm, look, self._code, self._user_code(arm)),
        )
        if self.models() or is_forced(results / RUNS.format(arm=arm, look=look)):
            return f"Train {arm}, {look}"
        return inheritance.announcement(results, training, look)

    def search(self, arm: str) -> dict[str, Any]:
        """The parameters of a search of the learning rate."""
        return parameters.search(self._plan, arm, self._code, self._user_code(arm))

    def inherit(self) -> Inheritance:
        """Put records of earlier trainings where the plan asks for them (see inheritance); in a dry run, count them as if they
        were there."""
        found = inheritance.foreseen(Path(self._results), self._planned())
        if self._is_dry_run:
            self._foreseen, self.forced = set(map(str, found.taken)), set(map(str, found.stale))
        else:
            found.enter()
        return found

    def protect(self, is_forced: Callable[[Path], bool]) -> None:
        """Before the first job: have records that it may delete kept (see inheritance). is_forced: whether the folder's training
        is to be made whatever there is."""
        inheritance.protect(Path(self._results), self._planned(), is_forced)

    def settle(self) -> None:
        """After the last job: keep only the records that are not in their place."""
        inheritance.settle(Path(self._results), self._planned())

    @property
    def has_data(self) -> bool:
        """Whether the stored arrays are made from what the study asks for."""
        return made_of(Path(self._results) / DATA_FILES_READ) == self.data_made_of

    @property
    def is_trained(self) -> bool:
        """Whether some records are as asked for, by the data that there are. If these have to be made again, only then it is
        known what trains again."""
        return inheritance.has_any(Path(self._results), self._planned())

    def _planned(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for look in self._plan.looks:
            for arm in self._plan.arms:
                yield look.name, parameters.training(self._plan, arm, look.name, self._code, self._user_code(arm))

    def _user_code(self, arm: str) -> str:
        return self._own[arm]["code"] if arm in self._own else fingerprint([])

    def files_read(self, arm: str) -> list[str]:
        """For the building of the arm's own model: the file in which it notes the files that it reads, and what stands for
        those that it has read before."""
        return [self._own[arm]["noted"], self._own[arm]["files"]]

    def built(self, arm: str) -> list[str]:
        """The file about the arm's model, if it is the user's own."""
        return [self._built[arm]] if arm in self._built else []

    def unbuilt(self) -> dict[str, str]:
        """The arms whose models have not been built yet, each with the file about its model. (A start forgets those that could
        not be built.)"""
        refused = failure if self._is_dry_run else lambda path: None
        return {arm: path for arm, path in self._built.items() if not Path(path).exists() or refused(Path(path))}

    def models(self) -> dict[str, str]:
        """The folder of a training's models in the results folder, by which models are kept; empty if none are. An output of
        trainings only where it is requested, so that trainings without one are repeated only then.
        """
        return {} if self._models == "none" else {self._models: f"{MODELS}/{self._models}/{{arm}}/{{look}}"}

    def trained(self, until: str | None = None) -> list[str]:
        """The folders of records, up to a look or of the whole study."""
        return [path for path in self._of_each(RUNS, self._trainings(until)) if path not in self._foreseen]

    def model_folders(self) -> list[str]:
        """The folders of models of the whole study."""
        return [file for path in self.models().values() for file in self._of_each(path, self._trainings())]

    def decided(self) -> list[str]:
        """The decisions after the looks that the study has had, without its last."""
        looks = {look for _, look in self._trainings()}
        return self._of_each(DECISION, [("", look) for look in self.undecided_looks if look in looks])

    def searched(self) -> list[str]:
        """The searches of the learning rate."""
        return self._of_each(RATES, [(arm, "") for arm in self._plan.tuned])

    def tuned(self) -> list[str]:
        """The folders of records at tuned rates."""
        trainings = self._trainings() if self._plan.tuned else []
        return self._of_each(TUNED, [pair for pair in trainings if pair[0] in self._plan.tuned])

    def drawn(self, folder: str) -> list[str]:
        """The figures of the study, in a folder."""
        return [f"{folder}/{name}.{kind}" for name in gallery.figures(self._plan.summary()) for kind in DRAWN_AS]

    def present(self) -> dict[str, list[str]]:
        """The files that exist so far: folders of records (`runs`), decisions (`looks`), and records of seeds whose job has not
        ended (`seeds`)."""
        looks = [look.name for look in self._plan.looks]
        runs = self._of_each(RUNS, [(arm, look) for arm in self._plan.arms for look in looks])
        all_paths = {"runs": runs, "looks": self._of_each(DECISION, [("", look) for look in looks])}
        there = {kind: [path for path in paths if Path(path).exists()] for kind, paths in all_paths.items()}
        return {**there, "seeds": list(map(str, finished_seeds(Path(self._results) / RUNS_FOLDER)))}

    @property
    def undecided_looks(self) -> list[str]:
        """The looks after which something is decided: all but the last."""
        return [look.name for look in self._plan.looks[:-1]]

    def _trainings(self, until: str | None = None) -> Trainings:
        return self._plan.trainings(self._next_arms, until=until)

    def _of_each(self, path: str, trainings: Trainings) -> list[str]:
        return [f"{self._results}/{path.format(arm=arm, look=look)}" for arm, look in trainings]


def next_arms(decision: Path) -> list[str]:
    """The arms that train after a look, by the file of its decision."""
    arms: list[str] = json.loads(decision.read_text())["next"]
    return arms
