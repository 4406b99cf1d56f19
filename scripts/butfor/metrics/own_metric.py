"""A metric of the user's own: a function of truth and prediction and, if it has that parameter, of the inputs."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from butfor.user_code import call
from butfor.user_code.location import OwnCodeError

ARGUMENTS = ("truth", "prediction")
Array = np.ndarray[Any, Any]
Inputs = Callable[[], Array]  # gives the inputs, which are read only where they are asked for


def measured(reference: str, truth: Array, prediction: Array, inputs: Inputs) -> float:
    """What the function `module:function` says of predictions. Raises OwnCodeError unless that is one finite number."""
    function = call.load(reference)
    asks = _asks_for_inputs(function)
    call.check_arguments(reference, function, (*ARGUMENTS, "inputs") if asks else ARGUMENTS)
    given = [truth.copy(), prediction.copy(), *([inputs()] if asks else [])]
    with call.attribute_errors_to(reference, "measuring predictions"):
        value = function(*given)
    return _number(reference, value, prediction)


def _asks_for_inputs(function: Callable[..., Any]) -> bool:
    try:
        return "inputs" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def _number(reference: str, value: Any, prediction: Array) -> float:
    try:
        array = np.asarray(value)
        number = float(array.reshape(-1)[0]) if array.size == 1 and array.dtype.kind in "fiub" else None
    except (TypeError, ValueError):
        number = None
    if number is None or not math.isfinite(number):
        received = f"{number}" if number is not None else _described(value)
        raise OwnCodeError(
            f"{reference}: expected one finite number of predictions of shape {prediction.shape}, received {received}."
        )
    return number


def _described(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__}" + (f" of shape {tuple(shape)}" if shape is not None else f" {value!r:.60}")
