"""The learning rates of recipes whose schedule may be a function of the user's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.recipe import schedules
from butfor.user_code import call
from butfor.user_code.location import OwnCodeError, is_own

Array = npt.NDArray[np.float64]
Settings = dict[str, Any]
ARGUMENTS = ("steps", "length", "steps_per_epoch")


def rates_of(recipe: Settings, steps_per_epoch: int) -> npt.NDArray[np.float32]:
    """The learning rate at each step of a recipe's whole training, whosever its schedule is (see schedules.learning_rates).
    Raises OwnCodeError."""
    return schedules.learning_rates(recipe, steps_per_epoch, _own(recipe))


def realised_rates(
    recipe: Settings, steps_per_epoch: int, validation: list[dict[str, float]]
) -> npt.NDArray[np.float32]:
    """The learning rate at each step of a recipe's finished epochs, whosever its schedule is (see schedules.realised). Raises
    OwnCodeError."""
    return schedules.realised(recipe, steps_per_epoch, validation, _own(recipe))


def _own(recipe: Settings) -> schedules.Schedule | None:
    return _multipliers if is_own(recipe["schedule"]["name"]) else None


def _multipliers(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """What the user's function gives for steps t `(n,)` of a training of this length: finite and not negative, `(n,)`. Raises
    OwnCodeError."""
    name, more = settings["name"], settings["settings"]
    function = call.load(name)
    call.check_arguments(name, function, ARGUMENTS, more)
    with call.attribute_errors_to(name, "working out the learning rates"):
        given = np.asarray(function(t.copy(), length, steps_per_epoch, **more), dtype=np.float64)
    if given.shape not in ((), t.shape):
        raise OwnCodeError(
            f"{name}: expected what the learning rate is multiplied by at each of {len(t)} steps, received an array of the shape"
            f" {given.shape}. Write it for an array: np.where(steps < 100, 1.0, 0.1), say."
        )
    multipliers = np.broadcast_to(given, t.shape)
    wrong = np.flatnonzero(~(np.isfinite(multipliers) & (multipliers >= 0)))
    if len(wrong):
        raise OwnCodeError(
            f"{name}: expected numbers of 0 or more, received {multipliers[wrong[0]]:g} at step {t[wrong[0]]:g} after the"
            f" warm-up, of {length:g}."
        )
    return multipliers
