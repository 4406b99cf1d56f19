"""The trial of a start, and of a dry run: schedules of the user's own that have not been tried, before the first job. Standard
library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from butfor.fingerprint import fingerprint
from butfor.user_code.location import is_own
from butfor.workflow.own_files import OwnFiles
from butfor.workflow.tried_functions import TriedFunctions, try_by

TRIED = "schedules_tried.json"
MODULE = "butfor.user_code.schedule_trial"
KEYS = ("learning_rate", "warmup", "schedule", "epochs")  # of a recipe, from which the rates follow


def try_schedules(recipes: Mapping[str, Mapping[str, Any]], own: OwnFiles) -> None:
    """Raises OwnCodeError for a schedule that fails; one that did not is not tried again by the same code."""
    asked = [{key: each[key] for key in KEYS} for each in recipes.values() if is_own(each["schedule"]["name"])]
    if not asked:
        return
    marks = [fingerprint([each, own.code(each["schedule"]["name"])]) for each in asked]
    tried = TriedFunctions(TRIED)
    untried = [place for place, known in enumerate(tried.are_known(marks)) if not known]
    if untried and try_by(MODULE, [asked[place] for place in untried]):
        tried.remember(marks[place] for place in untried)
