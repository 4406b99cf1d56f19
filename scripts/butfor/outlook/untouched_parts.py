"""Parts of the recipe that are at work and that no arm of the study touches: it says nothing about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from butfor.study.arm import Arm, baseline_of, is_baseline
from butfor.study.recipe_values import is_off, value_at


def untouched_parts(arms: Iterable[Arm], off: Mapping[str, Any]) -> dict[str, Any]:
    """By the name of each part that is on in the baseline and the same in every arm, what takes it out. off: as in make_plan."""
    every = {arm.name: arm for arm in arms}
    first = next(iter(every.values())).recipe
    others = [(arm.recipe, every[baseline_of(arm.name)].recipe) for arm in every.values() if not is_baseline(arm.name)]
    active = [part for part, without in off.items() if not is_off(value_at(first, part), without)]
    return {
        part: off[part]
        for part in active
        if all(value_at(recipe, part) == value_at(full, part) for recipe, full in others)
    }


def lines_to_add(parts: Iterable[str]) -> list[str]:
    """The lines of a study file that ask about these parts, an arm each."""
    names = ", ".join(part.removeprefix("model.") for part in parts)
    return ["ablations:", f"  untouched: {{remove_each: [{names}]}}"] if names else []
