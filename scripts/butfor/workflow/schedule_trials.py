"""The trial of a start, and of a dry run: schedules of the user's own that have not been tried, before the first job. Standard
library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from butfor.fingerprint import fingerprint
from butfor.user_code.location import is_own
from butfor.workflow.own_files import OwnFiles
from butfor.workflow.tried_functions import try_once

TRIED = "schedules_tried.json"
MODULE = "butfor.user_code.schedule_trial"
KEYS = ("learning_rate", "warmup", "schedule", "epochs")  # of a recipe, from which the rates follow


def try_schedules(recipes: Mapping[str, Mapping[str, Any]], own: OwnFiles) -> None:
    """Raises OwnCodeError for a schedule that fails; one that did not is not tried again by the same code."""
    asked = dict[str, dict[str, Any]]()
    own_ones = [recipe for recipe in recipes.values() if is_own(recipe["schedule"]["name"])]
    codes = {name: own.code(name) for name in {recipe["schedule"]["name"] for recipe in own_ones}}
    for recipe in own_ones:
        rates = {key: recipe[key] for key in KEYS}
        asked[fingerprint([rates, codes[recipe["schedule"]["name"]]])] = rates
    try_once(TRIED, MODULE, asked)
