"""The plan of a study: its arms with their resolved recipes, its seeds and its looks.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from butfor import anatomy
from butfor.ablations import BASELINE, Entry, PlanError, Resolve
from butfor.arm import Arm, canonical, fingerprint

SEARCH_SEEDS = 1_000_000  # how far the seeds of a search are from the study's
MOST_ARMS = 10_000


@dataclass(frozen=True)
class Look:
    """A planned analysis point: `seeds` are the ones it adds, `seen` the number known by then."""

    name: str
    seeds: tuple[int, ...]
    seen: int


@dataclass(frozen=True)
class Plan:
    """All arms, baseline first, by name; all looks in order; the share of training images held out for validation; and
    the `rates` and `seeds` of a search of the learning rate, if there is one."""

    arms: dict[str, Arm]
    looks: tuple[Look, ...]
    validation: float
    tune: dict[str, Any]

    def check_images(self, images: int) -> None:
        """Raise PlanError if `images` leave none to validate on, or fewer to train on than a recipe asks for."""
        left = images - round(images * self.validation)
        if left == images:
            raise PlanError(
                f"data.validation: expected a share that is at least one of the {images} training images, received"
                f" {self.validation:g}."
            )
        for arm in self.arms.values():
            for key in ("train_size", "batch_size"):
                if (arm.recipe[key] or 0) > left:
                    raise PlanError(
                        f"{arm.name}: {key}: expected at most the {left} training images that are left after validation,"
                        f" received {arm.recipe[key]}."
                    )

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

    @property
    def largest(self) -> dict[str, int]:
        """What the data must afford: the most training images and the largest batch that any recipe asks for, and the
        pixels that an image must measure each way (0: it need not be an image)."""
        recipes = [arm.recipe for arm in self.arms.values()]
        return {
            "train_size": max(recipe["train_size"] or 0 for recipe in recipes),
            "batch_size": max(recipe["batch_size"] for recipe in recipes),
            "side": max(anatomy.smallest_side(recipe) for recipe in recipes),
        }

    def training(self, arm: str, look: str) -> Any:
        """What one job trains: plain values in a fixed order, so that Snakemake notices any change of any of them."""
        seeds = next(item.seeds for item in self.looks if item.name == look)
        recipe = self.arms[arm].recipe
        return canonical({"arm": arm, "seeds": list(seeds), "recipe": recipe, "validation": self.validation})

    @property
    def tuned(self) -> list[str]:
        """The arms whose learning rate is searched: not those whose subject it is, unless others refer to them."""
        references = {arm.reference for arm in self.arms.values()}
        about_it = {a.name for a in self.ablations if "learning_rate" in a.changed and a.name not in references}
        return [name for name in self.arms if name not in about_it] if self.tune else []

    def search(self, arm: str) -> Any:
        """What one search of the learning rate trains, as plain values in a fixed order."""
        return canonical({"arm": arm, "recipe": self.arms[arm].recipe, "validation": self.validation, **self.tune})

    def trainings(self, next_arms: Callable[[str], list[str]], until: str | None = None) -> list[tuple[str, str]]:
        """The trainings (arm, look) that the study asks for, up to a look (the last): the first look of every arm, and
        further looks of the arms that are to go on. `next_arms` says which after a look, and is asked only if needed.
        """
        found = [(arm, self.looks[0].name) for arm in self.arms]
        for look, following in pairwise(self.looks):
            if look.name == until or not (going_on := next_arms(look.name)):
                break
            found += [(arm, following.name) for arm in going_on if arm in self.arms]
        return found

    def tracking(self) -> dict[str, Any]:
        """What MLflow is told of the plan: per arm its family and reference, and the recipe keys in which arms differ."""
        full = self.arms[BASELINE].recipe
        varying = {key for other in self.arms.values() for key in full if other.recipe[key] != full[key]}
        arms = {arm.name: {"family": arm.family or arm.name, "reference": arm.reference} for arm in self.arms.values()}
        return {"arms": arms, "varying": sorted(varying)}

    def summary(self) -> dict[str, Any]:
        """The plan as plain values, for the stages after training."""
        arms = [
            {
                "name": a.name,
                "reference": a.reference,
                "family": a.family,
                "changed": list(a.changed),
                "grid": a.grid,
                "levels": dict(a.levels),
                "recipe": canonical(a.recipe),
            }
            for a in self.arms.values()
        ]
        looks = [{"name": x.name, "seeds": list(x.seeds), "seen": x.seen} for x in self.looks]
        return {"arms": arms, "looks": looks, "tune": self.tune}


def make_plan(settings: dict[str, Any], resolve: Resolve, off: dict[str, Any]) -> Plan:
    """The plan of a completed study file.

    `resolve` checks and completes one arm's recipe (arm's name, recipe); `off` maps each part of a recipe to the value
    that takes it out. Raises PlanError.
    """
    arms = {BASELINE: Arm(BASELINE, resolve(BASELINE, settings["recipe"]))}
    waiting = [Entry(name, entry, off) for name, entry in settings["ablations"].items()]
    while waiting:
        ready = [entry for entry in waiting if entry.reference in arms]
        if not ready:
            raise PlanError(_unknown_reference(waiting[0], waiting, arms))
        waiting = [entry for entry in waiting if entry.reference not in arms]
        for entry in ready:
            for arm in entry.arms(arms, resolve):
                if arm.name in arms:
                    raise PlanError(f"ablations.{entry.name}: there are two arms called {arm.name}; rename one.")
                if len(arms) >= MOST_ARMS:
                    raise PlanError(
                        f"ablations: expected at most {MOST_ARMS} arms, received more. Make it several studies."
                    )
                arms[arm.name] = arm
    _check_cases(arms)
    _check_recipes_differ(arms)
    return Plan(
        arms,
        looks(settings["looks"], settings["first_seed"]),
        settings["data"]["validation"],
        _tune(settings, arms[BASELINE].recipe),
    )


def _tune(settings: dict[str, Any], baseline: dict[str, Any]) -> dict[str, Any]:
    """The rates that a search tries, without those that rounding makes equal, and its seeds, none of them the study's."""
    if settings["tune"] is None:
        return {}
    rates = sorted({float(f"{factor * baseline['learning_rate']:.6g}") for factor in settings["tune"]["factors"]})
    first = settings["first_seed"] + SEARCH_SEEDS
    return {"rates": rates, "seeds": list(range(first, first + settings["tune"]["seeds"]))}


def looks(seen: list[int], first_seed: int) -> tuple[Look, ...]:
    """Looks after `seen[0]`, `seen[1]`, … seeds, each with the seeds that it adds."""
    steps = zip([0, *seen], seen, strict=False)
    return tuple(
        Look(f"look{place}", tuple(range(first_seed + start, first_seed + stop)), stop)
        for place, (start, stop) in enumerate(steps, start=1)
    )


def _check_cases(arms: dict[str, Arm]) -> None:
    seen: dict[str, str] = {}
    for name in arms:
        if name.lower() in seen:
            raise PlanError(
                f"ablations: {seen[name.lower()]} and {name} are one folder where case does not count; rename one."
            )
        seen[name.lower()] = name


def _check_recipes_differ(arms: dict[str, Arm]) -> None:
    seen: dict[str, str] = {}
    for arm in arms.values():
        mark = fingerprint(arm.recipe)
        if mark in seen:
            raise PlanError(
                f"ablations: {seen[mark]} and {arm.name} resolve to the same recipe, so {arm.name} would train nothing new."
                " Change one of them or leave it out."
            )
        seen[mark] = arm.name


def _unknown_reference(entry: Entry, waiting: list[Entry], arms: dict[str, Arm]) -> str:
    if any(entry.reference == other.name for other in waiting):
        return f"ablations.{entry.name}: from {entry.reference} goes round in a circle."
    return f"ablations.{entry.name}: from names no arm: {entry.reference}. Arms: {', '.join(arms)}."
