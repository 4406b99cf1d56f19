"""The plan of a study: its arms with their resolved recipes, its seeds and its looks.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypedDict

from butfor.arm_names import anywhere, data_set_of
from butfor.data import limits
from butfor.errors import Errors
from butfor.fingerprint import canonical
from butfor.study import data_sets
from butfor.study.ablations import Entry, PlanError, Resolve
from butfor.study.arm import BASELINE, Arm, Recipe
from butfor.study.arm_labels import same_labels
from butfor.study.crossing import crossed
from butfor.study.data_needs import data_needs
from butfor.study.placebo import own_seeds, with_placebo
from butfor.study.same_arms import same_arms
from butfor.study.summary import ArmPlan, LookPlan, PlanSummary, SearchPlan
from butfor.user_code import declaration

SEARCH_SEEDS = 1_000_000  # the distance of a search's seeds from the study's
MOST_ARMS = 10_000


class _Label(TypedDict, total=False):
    label: str


@dataclass(frozen=True)
class Look:
    """A planned analysis point: `seeds` are those that it adds, `seen` the number of seeds up to it."""

    name: str
    seeds: tuple[int, ...]
    seen: int


@dataclass(frozen=True)
class Plan:
    """The plan of a study.

    arms: all arms by name, each data set's baseline before its others. looks: in order. validation: by data set, the share of
    the training images to validate on, or official. tune: the `rates` and `seeds` of the search of the learning rate; empty
    without one.
    """

    arms: dict[str, Arm]
    looks: tuple[Look, ...]
    validation: dict[str, limits.Validation]
    tune: SearchPlan

    def check_images(self, images: int, data_set: str = "") -> None:
        """Raise PlanError, or SeveralErrors of them, if of so many training images of a data set none are left to validate on, or
        too few to train on for a recipe."""
        share = self.validation[data_set]
        if isinstance(share, str):  # which published data sets do not have, as others say
            return
        if problem := limits.validation_problem(images, share):
            raise PlanError(problem, (*data_sets.place(data_set), "validation"))
        errors, left = Errors(), limits.left_to_train(images, share)
        own = [arm for arm in self.arms.values() if arm.data_set == data_set]
        problems = {anywhere(arm.name): limits.size_problem(left, data_needs([arm.recipe])) for arm in own}
        for name, problem in problems.items():
            where, at = ("recipe", "recipe") if name == BASELINE else (f"ablations.{name}", "ablations")
            if problem and (name == BASELINE or problem != problems[BASELINE]):
                errors.add(PlanError(f"{where}.{problem}", (at, problem.partition(":")[0])))
        errors.end()

    @property
    def ablations(self) -> list[Arm]:
        """The arms that have a reference, in the order in which they were declared."""
        return [arm for arm in self.arms.values() if arm.reference]

    @property
    def families(self) -> list[str]:
        """The families of ablations, in the order in which they were declared."""
        return list(dict.fromkeys(arm.family for arm in self.ablations))

    @property
    def seeds(self) -> list[int]:
        """Every seed of every look."""
        return [seed for look in self.looks for seed in look.seeds]

    def largest(self, data_set: str = "") -> dict[str, Any]:
        """What the recipes need of a data set, see data_needs."""
        return data_needs([arm.recipe for arm in self.arms.values() if arm.data_set == data_set])

    def training(self, arm: str, look: str) -> Any:
        """The settings of one training job: plain values in a fixed order, so that Snakemake notices any change."""
        seeds = next(item.seeds for item in self.looks if item.name == look)
        own = own_seeds(self.arms[arm], seeds)
        return {"arm": arm, "recipe": self.recipes[arm], "seeds": own, "validation": self._validation_of(arm)}

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """Each arm's recipe in a fixed order. Arms share the values that they have in common, so that many take little memory."""
        known: dict[int, Any] = {}  # by the value, which the arms keep

        def ordered(value: Any) -> Any:
            if id(value) not in known:
                known[id(value)] = canonical(value)
            return known[id(value)]

        return {name: {key: ordered(arm.recipe[key]) for key in sorted(arm.recipe)} for name, arm in self.arms.items()}

    def _validation_of(self, arm: str) -> Any:
        return canonical(self.validation[data_set_of(arm)])

    @property
    def tuned(self) -> list[str]:
        """The arms whose learning rate is searched: not those that change the rate, unless they are references."""
        references = {arm.reference for arm in self.arms.values()}
        excluded = {a.name for a in self.ablations if "learning_rate" in a.changed and a.name not in references}
        searched = [arm.name for arm in self.arms.values() if arm.name not in excluded and not arm.placebo]
        return searched if self.tune else []

    def search(self, arm: str) -> Any:
        """The settings of one search of the learning rate, as plain values in a fixed order."""
        made_of = {"recipe": self.arms[arm].recipe, "validation": self.validation[data_set_of(arm)]}
        return canonical({"arm": arm, **made_of, **self.tune})

    def trainings(self, next_arms: Callable[[str], list[str]], until: str | None = None) -> list[tuple[str, str]]:
        """The trainings (arm, look) of the study, up to the look `until` or the last: the first look of every arm, and further
        looks of undecided arms.

        next_arms: the arms that train after a look; called only for looks that are needed.
        """
        trainings = [(arm, self.looks[0].name) for arm in self.arms]
        for look, following in pairwise(self.looks):
            if look.name == until or not (undecided := next_arms(look.name)):
                break
            trainings += [(arm, following.name) for arm in undecided if arm in self.arms]
        return trainings

    def tracking(self) -> dict[str, Any]:
        """The part of the plan that the mirror in MLflow needs: family and reference of each arm, and the recipe keys in which
        arms differ from the baseline.
        """
        full = next(iter(self.arms.values())).recipe
        varying = {key for other in self.arms.values() for key in full if other.recipe[key] != full[key]}
        arms = {
            arm.name: {"family": arm.family or arm.name, "reference": arm.reference, **_label(arm)}
            for arm in self.arms.values()
        }
        return {"arms": arms, "varying": sorted(varying)}

    def summary(self) -> PlanSummary:
        """The plan as plain values, for the stages after training."""
        arms: list[ArmPlan] = [
            {
                "name": a.name,
                "reference": a.reference,
                "family": a.family,
                "changed": list(a.changed),
                "primary": a.primary,
                "grid": a.grid,
                "levels": dict(a.levels),
                "recipe": self.recipes[a.name],
            }
            for a in self.arms.values()
        ]
        for planned, arm in zip(arms, self.arms.values(), strict=True):
            if arm.placebo:
                planned["placebo"] = True
            if arm.label:
                planned["label"] = arm.label
        looks: list[LookPlan] = [{"name": x.name, "seeds": list(x.seeds), "seen": x.seen} for x in self.looks]
        return {"arms": arms, "looks": looks, "tune": self.tune}


def make_plan(settings: dict[str, Any], resolve: Resolve, off: dict[str, Any], collector: Errors | None = None) -> Plan:
    """The plan of a completed study file.

    resolve: checks and completes one arm's recipe, from the arm's name and its recipe. off: each part of a recipe with the
    value that takes it out. collector: takes what is wrong, one error for each mistake, and the plan is then of the other arms;
    without it, all is raised. Raises PlanError for the baseline.
    """
    errors = collector or Errors()
    called = settings.get("report", {}).get("baseline", "")
    arms = {BASELINE: Arm(BASELINE, resolve(BASELINE, settings["recipe"]), label=called)}
    off = {**off, **declaration.parts(arms[BASELINE].recipe["model"])}
    waiting: list[Entry] = []
    made_by: dict[str, Entry] = {}
    for name, entry in settings["ablations"].items():
        with errors.collected():
            waiting.append(Entry(name, entry, off))
    while waiting:
        ready = [entry for entry in waiting if entry.reference in arms]
        if not ready:
            if not errors.every:  # else the reference may be one of those that are wrong
                errors.add(_unknown_reference(waiting[0], waiting, arms))
            break
        waiting = [entry for entry in waiting if entry.reference not in arms]
        for entry in ready:
            with errors.collected():
                for arm in entry.arms(arms, resolve, errors):
                    _add(arm, arms, entry)
                    made_by[arm.name] = entry
    for problem in same_arms(arms):
        errors.add(problem)
    for clash, at in same_labels(arms) if not errors.every else ():
        errors.add(PlanError(clash, at))
    sets, tune = settings["data_sets"], _tune(settings, arms[BASELINE].recipe)
    arms = crossed(arms, made_by, list(sets), errors)
    if settings.get("placebo"):
        with errors.collected():
            arms = with_placebo(arms, settings, sets)
    if collector is None:
        errors.end()
    return Plan(
        arms,
        looks(settings["looks"], settings["first_seed"]),
        {name: data["validation"] for name, data in sets.items()},
        tune,
    )


def _label(arm: Arm) -> _Label:
    """The label of an arm that has one: nothing is judged anew because others might have."""
    return {"label": arm.label} if arm.label else {}


def _add(arm: Arm, arms: dict[str, Arm], entry: Entry) -> None:
    if arm.name in arms:
        raise PlanError(
            f"ablations.{entry.name}: expected different names, received two arms called {arm.name}. Rename one.",
            entry.at,
        )
    if len(arms) >= MOST_ARMS:
        raise PlanError(
            f"ablations: expected at most {MOST_ARMS} arms, received more. Make it several studies.", entry.at
        )
    arms[arm.name] = arm


def _tune(settings: dict[str, Any], baseline: dict[str, Any]) -> SearchPlan:
    """The rates of a search, without duplicates after rounding, and its seeds, none of which is the study's."""
    if settings["tune"] is None:
        return {}
    rates = sorted({float(f"{factor * baseline['learning_rate']:.6g}") for factor in settings["tune"]["factors"]})
    first = settings["first_seed"] + SEARCH_SEEDS
    return {"rates": rates, "seeds": list(range(first, first + settings["tune"]["seeds"]))}


def looks(seen: list[int], first_seed: int) -> tuple[Look, ...]:
    """The looks after `seen[0]`, `seen[1]`, … seeds, each with the seeds that it adds."""
    steps = zip([0, *seen], seen, strict=False)
    return tuple(
        Look(f"look{place}", tuple(range(first_seed + start, first_seed + stop)), stop)
        for place, (start, stop) in enumerate(steps, start=1)
    )


def _unknown_reference(entry: Entry, waiting: list[Entry], arms: dict[str, Arm]) -> PlanError:
    where, at = f"ablations.{entry.name}", (*entry.at, "from")
    if any(entry.reference == other.name for other in waiting):
        return PlanError(f"{where}: from {entry.reference} leads round in a circle.", at)
    return PlanError(
        f"{where}: expected the name of an arm in from, received {entry.reference}. Arms: {', '.join(arms)}.", at
    )
