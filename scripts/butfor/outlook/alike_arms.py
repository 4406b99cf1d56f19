"""Arms that would train the very same runs, though their recipes are written differently: what they set never acts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from butfor.data.limits import Validation, left_to_train
from butfor.fingerprint import canonical, digest, fingerprint
from butfor.recipe import schedules
from butfor.study.plan import Plan
from butfor.user_code.location import is_own

RATES = ("learning_rate", "schedule", "warmup")  # which make the rate of each step, and nothing else


def alike_arms(plan: Plan, examples: Mapping[str, int | None]) -> list[list[str]]:
    """The groups of arms that are one in all that acts. examples: of each data set, how many there are to train on before
    validation ones are taken; None where that is not known yet."""
    groups: dict[str, list[str]] = {}
    for arm in (arm for arm in plan.arms.values() if not arm.placebo):
        steps = steps_per_epoch(arm.recipe, examples[arm.data_set], plan.validation[arm.data_set])
        acts = acting(arm.recipe, examples[arm.data_set], plan.validation[arm.data_set], steps)
        groups.setdefault(fingerprint([arm.data_set, acts]), []).append(arm.name)
    return [names for names in groups.values() if len(names) > 1]


def steps_per_epoch(recipe: Mapping[str, Any], examples: int | None, validation: Validation) -> int | None:
    """The steps that an epoch has; None where the number of examples is not known."""
    left = _left(examples, validation)
    return None if left is None else min(left, recipe["train_size"] or left) // int(recipe["batch_size"])


def acting(
    recipe: Mapping[str, Any], examples: int | None, validation: Validation, steps: int | None
) -> dict[str, Any]:
    """A recipe with what it comes to in the place of how it is written: the rates of all steps, the examples that are trained
    on, and an early stopping only where it can end the training or go back to an earlier epoch."""
    acts, left = dict(canonical(recipe)), _left(examples, validation)
    if left is not None and (recipe["train_size"] or left) >= left:
        acts["train_size"] = None
    stopping = recipe["early_stopping"]
    if stopping["name"] != "none" and not stopping["restore_best"] and stopping["patience"] >= recipe["epochs"]:
        acts["early_stopping"] = {"name": "none"}
    name = recipe["schedule"]["name"]
    if steps and name != "reduce_on_plateau" and not is_own(name):
        rates = np.asarray(schedules.learning_rates(dict(recipe), steps), np.float32)
        acts = {key: value for key, value in acts.items() if key not in RATES} | {"rates": digest(rates)}
    return acts


def _left(examples: int | None, validation: Validation) -> int | None:
    if examples is None:
        return None
    return examples if isinstance(validation, str) else left_to_train(examples, validation)
