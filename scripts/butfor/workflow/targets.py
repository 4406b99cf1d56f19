"""The files that a study requests from Snakemake, by its plan and by the decisions of earlier looks.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.figures import gallery
from butfor.fingerprint import fingerprint
from butfor.metrics.fitting import refuse_unfit
from butfor.records.results_folder import BUILT, COSTS, DECISION, MEASURES, MODELS, RATES, RUNS, TUNED
from butfor.study.asked_metrics import needs_predictions, parts_to_predict, predicted_primary
from butfor.study.cost_metrics import is_cost
from butfor.study.plan import Plan
from butfor.study.summary import PlanSummary
from butfor.study.watched_metrics import to_be_fit
from butfor.training.built import failure
from butfor.user_code import location
from butfor.verdicts.changed_code import OwnCode
from butfor.workflow import inheritance, origins, parameters
from butfor.workflow.arm_code import ArmCode
from butfor.workflow.data_files import DataFiles
from butfor.workflow.finished_trainings import FinishedTrainings
from butfor.workflow.inheritance import Inheritance
from butfor.workflow.own_files import OwnFiles
from butfor.workflow.present_files import present_files
from butfor.workflow.unsuited_recipes import refuse_unsuited

Trainings = Iterable[tuple[str, str]]
DRAWN_AS = ("png", "svg")


class Targets:
    """The files of a planned study.

    settings: the study's, completed. codes: the fingerprints of the code that makes the data, builds users' models, trains, and
    trains where metrics are watched.
    own: the files that the user brings. next_arms: the arms that train after a look, by its decision, which may have to be
    made first. is_dry_run: whether nothing may be changed, but is to be foreseen. own_metrics: what stands for each function of
    the user's own among the metrics (see OwnFiles.metric).
    """

    def __init__(
        self,
        settings: dict[str, Any],
        plan: Plan,
        codes: tuple[str, str, str, str],
        own: OwnFiles,
        next_arms: Callable[[str], list[str]],
        is_dry_run: bool = False,
    ) -> None:
        self._plan, self._next_arms, self.is_dry_run = plan, next_arms, is_dry_run
        self._foreseen: set[str] = set()
        self.forced: set[str] = set()  # files that a dry run is to count as missing
        preparing, building, *training = codes
        self._results, self._models = settings["results"], settings["tracking"]["models"]
        self._finished = FinishedTrainings(self._results, len(plan.arms))
        self._costs = settings["costs"]
        self._claims_costs = any(is_cost(claim["metric"]) for claim in settings["claims"].values())
        self._asked, self._verdict = settings["metrics"], settings["verdict"]
        self._predictions = parts_to_predict(self._asked.values(), settings["keep"]["predictions"], self._verdict)
        self.data = DataFiles(settings, preparing, own)
        self._trainings_of: dict[tuple[str, str], dict[str, Any]] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        recipes = plan.recipes
        self.user_models = {name: r for name, r in recipes.items() if location.is_own(r["model"]["name"])}
        scores = [terms["score"] for terms in self._asked.values()]
        self.own_metrics = {score: own.metric(score) for score in scores if location.is_own(score)}
        self._own = {name: own.model(recipe) for name, recipe in self.user_models.items()}
        self._code = ArmCode(recipes, self._own, own, *training)
        marks = {
            name: fingerprint([recipe, self._own[name]["code"], self.data.made[data_set_of(name)], building])
            for name, recipe in self.user_models.items()
        }
        stale = self.data.stale
        for name in (name for name in self.data.names if name not in stale):
            about = origins.manifest(Path(self._results), name)
            refuse_unfit(to_be_fit(self._asked, recipes), about, data_set=name)
            refuse_unsuited(plan.largest(name), about, name)
        self._built = {name: f"{self._results}/{BUILT.format(arm=name, mark=mark)}" for name, mark in marks.items()}

    def own_code(self) -> OwnCode | None:
        """What the register keeps of the user's own code, None where there is none."""
        return self._code.registered(self.own_metrics)

    def training(self, arm: str, look: str) -> dict[str, Any]:
        """The parameters of a training (see parameters.training), and what Snakemake is told that it is made from."""
        training = self._training(arm, look)
        known = self._tokens if self.is_dry_run else {}  # in which nothing changes, and two parameters of each job ask
        if (arm, look) not in known:
            known[arm, look] = inheritance.token(Path(self._results), training, look)
        return {**training, "token": known[arm, look]}

    def announcement(self, arm: str, look: str, is_forced: Callable[[Path], bool]) -> str:
        """What the job of a training says of itself."""
        results, training = Path(self._results), self._training(arm, look)
        if self.models() or is_forced(results / RUNS.format(arm=arm, look=look)):
            return f"Train {arm}, {look}"
        return inheritance.announcement(results, training, look)

    def search(self, arm: str) -> dict[str, Any]:
        """The parameters of a search of the learning rate; `metric`: the one that decides, if predictions tell it."""
        params = parameters.search(self._plan, arm, *self._code.of(arm))
        return params | predicted_primary(self.measuring["metrics"], self._asked, self._verdict["metric"])

    def inherit(self) -> Inheritance:
        """Put records of earlier trainings where the plan asks for them (see inheritance); in a dry run, count them as if they
        were there."""
        coming = inheritance.foreseen(Path(self._results), self.planned())
        if self.is_dry_run:
            self._foreseen, self.forced = set(map(str, coming.taken)), set(map(str, coming.stale))
        else:
            coming.enter()
        return coming

    def protect(self, is_forced: Callable[[Path], bool]) -> None:
        """Before the first job: have records that it may delete kept (see inheritance). is_forced: whether the folder's training
        is to be made whatever there is."""
        inheritance.protect(Path(self._results), self.planned(), is_forced)

    def settle(self) -> None:
        """After the last job: keep only the records that are not in their place."""
        inheritance.settle(Path(self._results), self.planned())

    @property
    def is_trained(self) -> bool:
        """Whether some records are as asked for, by the data that there are. If these have to be made again, only then it is
        known what trains again."""
        return inheritance.has_any(Path(self._results), self.planned())

    def planned(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each look with each arm's training, whether it comes to that or not."""
        for look in self._plan.looks:
            for arm in self._plan.arms:
                yield look.name, self._training(arm, look.name)

    def _training(self, arm: str, look: str) -> dict[str, Any]:
        if (arm, look) not in self._trainings_of:
            self._trainings_of[arm, look] = parameters.training(
                self._plan, arm, look, *self._code.of(arm), predictions=self._predictions
            )
        return self._trainings_of[arm, look]

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
        refused = failure if self.is_dry_run else lambda path: None
        return {arm: path for arm, path in self._built.items() if not Path(path).exists() or refused(Path(path))}

    def models(self) -> dict[str, str]:
        """The folder of a training's models in the results folder, by which models are kept; empty if none are. An output of
        trainings only where it is requested, so that trainings without one are repeated only then.
        """
        return {} if self._models == "none" else {self._models: f"{MODELS}/{self._models}/{{arm}}/{{look}}"}

    def finished(self, is_forced: Callable[[Path], bool]) -> set[str]:
        """The folders of records at which Snakemake need not look (see finished_trainings); none where models are kept.
        is_forced: as for protect."""
        return set() if self.models() else self._finished.folders(self.planned(), is_forced)

    def trained(self, until: str | None = None) -> list[str]:
        """The folders of records, up to a look or of the whole study."""
        return [path for path in self._of_each(RUNS, self._trainings(until)) if path not in self._foreseen]

    def measured(self, until: str | None = None) -> list[str]:
        """The files of what runs are measured by from their predictions, up to a look or of the whole study; none where the
        study asks for no such metric."""
        looks = dict.fromkeys(look for _, look in self._trainings(until)) if self.measuring["metrics"] else ()
        return self._of_each(MEASURES, [("", look) for look in looks])

    def measured_at_best(self) -> list[str]:
        """The same of the runs at tuned rates."""
        return [path.replace("/look", "/tuned_look") for path in self.measured()] if self._plan.tuned else []

    def to_measure(self, measured: str) -> list[str]:
        """The folders of records that a file of measures is of, by its name: look2, or tuned_look2 at tuned rates."""
        look = measured.removeprefix("tuned_")
        folders = self.tuned() if look != measured else self.trained(until=look)
        return [folder for folder in folders if Path(folder).name == look]

    @property
    def measuring(self) -> dict[str, Any]:
        """What the measuring of runs depends on beside them: the metrics that are computed from predictions, without their
        margins, the parts of the data of which there are predictions, and by data set the share of validation examples."""
        keys = ("name", "score", "options", "parts")
        asked = [
            {key: terms[key] for key in keys}
            for terms in self._asked.values()
            if needs_predictions(terms, self._verdict)
        ]
        metrics = [{**terms, **self.own_metrics.get(terms["score"], {})} for terms in asked]
        params = {"metrics": metrics, "predictions": self._predictions, "validation": self._plan.validation}
        grouped = {name: self.data.made_of[name] for name, made in self.data.made.items() if "groups" in made}
        return {**params, "groups": grouped} if grouped else params  # trainings do not tell when these change

    def model_folders(self) -> list[str]:
        """The folders of models of the whole study."""
        return [file for path in self.models().values() for file in self._of_each(path, self._trainings())]

    def decided(self) -> list[str]:
        """The decisions after the looks that the study has had, without its last."""
        looks = {look for _, look in self._trainings()}
        return self._of_each(DECISION, [("", look) for look in self.undecided_looks if look in looks])

    def costs(self) -> list[str]:
        """The file of what the arms' models cost, if that is asked for."""
        return [f"{self._results}/{COSTS}"] if self._costs["batch_sizes"] else []

    def claimed_costs(self) -> list[str]:
        """The same, if a claim is about it."""
        return self.costs() if self._claims_costs else []

    def costed(self) -> dict[str, Any]:
        """Every arm's recipe, and what stands for the user's code in it, as plain values."""
        return self._plan.recipes

    def all_built(self) -> list[str]:
        """The files about all models of the user's own."""
        return list(self._built.values())

    def searched(self) -> list[str]:
        """The searches of the learning rate."""
        return self._of_each(RATES, [(arm, "") for arm in self._plan.tuned])

    def tuned(self) -> list[str]:
        """The folders of records at tuned rates."""
        trainings = self._trainings() if self._plan.tuned else []
        return self._of_each(TUNED, [pair for pair in trainings if pair[0] in self._plan.tuned])

    def drawn(self, folder: str) -> list[str]:
        """The figures of the study, in a folder."""
        return [f"{folder}/{picture.name}.{kind}" for picture in self.pictures for kind in DRAWN_AS]

    @cached_property
    def pictures(self) -> list[gallery.Picture]:
        """What the figures show."""
        planned: PlanSummary = {**self._plan.summary(), "metrics": self._asked}
        return gallery.pictures(planned)

    def present(self) -> dict[str, list[str]]:
        """The files that exist so far (see present_files)."""
        return present_files(Path(self._results), self._plan, list(self.planned()), self._predictions)

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
