"""What the engine of a start cannot train, told before anything trains."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from butfor.errors import Errors, StudyError, StudyFileError
from butfor.recipe.jax_limits import refuse_recipe, refuse_source
from butfor.study.plan import Plan
from butfor.workflow import parameters


def refuse_untrainable(plan: Plan, data_sets: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise StudyError for an engine that is not installed, and for recipes and data that it has no code for, each named once.
    data_sets: the settings of each."""
    if parameters.engine() != parameters.JAX:
        return
    if importlib.util.find_spec("jax") is None:
        raise StudyError(
            "engine jax: expected the package jax, which is not installed. Give `make ENGINE=jax setup`, or leave ENGINE (or"
            " BUTFOR_ENGINE) out for Keras on TensorFlow."
        )
    errors, problems = Errors(), set[str]()
    for data_set, data in data_sets.items():
        try:
            refuse_source(data)
        except StudyError as error:
            of_set = f"{data_set}: " if data_set else ""
            errors.add(StudyFileError(f"{of_set}{error}", ("data", data_set) if data_set else ("data",)))
    for name, arm in plan.arms.items():
        try:
            refuse_recipe(arm.recipe)
        except StudyError as error:
            if str(error) not in problems:  # what is in the baseline is in nearly all
                problems.add(str(error))
                errors.add(StudyFileError(f"{name}: {error}", ("ablations", name)))
    errors.end()
