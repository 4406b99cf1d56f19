"""Arms of a study that are one and the same: by the name of their folder, or by their recipe.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from butfor.study import compatibility
from butfor.study.ablations import NothingNewError, PlanError
from butfor.study.arm import Arm
from butfor.study.composed_letters import place_of


def same_arms(arms: dict[str, Arm]) -> Iterator[PlanError]:
    """An error for every arm that is another one already."""
    yield from _same_folders(arms)
    yield from _same_recipes(arms)


def _same_folders(arms: dict[str, Arm]) -> Iterator[PlanError]:
    names: dict[str, str] = {}
    for name in arms:
        folder = place_of(name)
        if folder in names:
            yield PlanError(
                f"ablations: {names[folder]} and {name} are the same folder where case does not count. Rename one.",
                ("ablations", name),
            )
        names[folder] = name


def _same_recipes(arms: dict[str, Arm]) -> Iterator[PlanError]:
    names: dict[tuple[str, ...], str] = {}
    texts: dict[int, str] = {}  # of values, which arms share
    for arm in arms.values():
        keys = sorted(arm.recipe)
        for value in map(arm.recipe.__getitem__, keys):
            if id(value) not in texts:
                texts[id(value)] = json.dumps(value, sort_keys=True)
        mark = (*keys, *(texts[id(arm.recipe[key])] for key in keys))
        if mark in names:
            first = arms[names[mark]]
            yield NothingNewError(
                f"ablations: {first.name} and {arm.name} resolve to the same recipe, so {arm.name} would train nothing new."
                f" Change one of them or leave it out.{_other_reference(first, arm)}{compatibility.takes(arm.recipe['model'])}",
                ("ablations", arm.name),
            )
        names[mark] = arm.name


def _other_reference(first: Arm, second: Arm) -> str:
    """How the same arm is compared with a second one, where that is what a study asks."""
    if not first.reference or not second.reference or first.reference == second.reference:
        return ""
    return f" A claim compares it with {second.reference} too: arm: {first.name}, against: {second.reference}."
