"""The trial of a start, and of a dry run: optimisers of Keras's and of the user's own that have not been tried, before the first
job. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from butfor.fingerprint import fingerprint
from butfor.recipe.optimisers import KERAS
from butfor.records import provenance
from butfor.user_code.location import is_own
from butfor.workflow import parameters
from butfor.workflow.own_files import OwnFiles
from butfor.workflow.tried_functions import try_once

TRIED = "optimisers_tried.json"
MODULE = "butfor.engine.optimiser_trial"
KEYS = ("optimiser", "weight_decay", "clipping", "ema", "accumulation")  # of a recipe, from which an optimiser follows


def try_optimisers(recipes: Mapping[str, Mapping[str, Any]], own: OwnFiles) -> None:
    """Raises OwnCodeError for an optimiser that cannot be made; one that could is not tried again by the same code and the same
    Keras. Another engine than Keras on TensorFlow has its own."""
    named = [recipe for recipe in recipes.values() if _is_tried(recipe["optimiser"]["name"])]
    if not named or parameters.engine() != parameters.KERAS:
        return
    codes = {name: own.code(name) for name in {recipe["optimiser"]["name"] for recipe in named}}
    versions, asked = provenance.training_versions(), dict[str, dict[str, Any]]()
    for recipe in named:
        part = {key: recipe[key] for key in KEYS}
        asked[fingerprint([part, codes[recipe["optimiser"]["name"]], versions])] = part
    try_once(TRIED, MODULE, asked)


def _is_tried(name: str) -> bool:
    return name == KERAS or is_own(name)
