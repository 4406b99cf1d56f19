"""Embedded columns of a study's data: what its recipes ask of them, and what would spoil the numbers that they hold.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from typing import Any

from butfor.recipe.recipe_mark import LATER
from butfor.study.plan import Plan
from butfor.study.recipe_words import in_short
from butfor.study.schema import ConfigError
from butfor.user_code import location

MIXING = ("mixup", "cutmix")
BLURRING = ("noise", "cutout")  # in a built-in model, of all its inputs


def check_embedded(settings: dict[str, Any], plan: Plan, _: bool) -> None:
    """Raise ConfigError if recipes say what becomes of embedded columns where there are none, or change their numbers."""
    sets = settings["data_sets"]
    for name, arm in plan.arms.items():
        recipe, data = arm.recipe, sets[arm.data_set]
        if data["embedded"] is not None:
            own = location.is_own(recipe["model"]["name"])
            if changing := [key for key in (*MIXING, *(() if own else BLURRING)) if recipe[key]]:
                raise ConfigError(
                    f"data.embedded: expected recipes that leave the numbers of categories as they are, received {changing[0]} in"
                    f" {name}. Leave {changing[0]} out, or embedded.",
                    ("data",),
                )
            continue
        written = recipe["categories"] != LATER["categories"]
        if "categories" in arm.changed or (written and all(each["embedded"] is None for each in sets.values())):
            only = " or name the data sets that have them by only," if len(sets) > 1 else ""
            raise ConfigError(
                f"recipe.categories: expected data with embedded columns, received none, and {in_short(recipe['categories'])} in"
                f" {name}. Write embedded: all in data (a table's, csv or parquet),{only} or leave categories out.",
                ("recipe", "categories"),
            )
