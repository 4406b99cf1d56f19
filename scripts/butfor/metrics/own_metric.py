"""A metric of the user's own: a function of truth and prediction and, if it has that parameter, of the inputs."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from butfor.user_code import call
from butfor.user_code.location import OwnCodeError

ARGUMENTS = ("truth", "prediction")
ASKED_BY_NAME = ("inputs", "groups")
Array = np.ndarray[Any, Any]
Beside = Mapping[
    str, Callable[[], Any]
]  # gives what examples have beside (inputs: one array, or several by name), which is read
# only where it is asked for


def measured(reference: str, truth: Array, prediction: Array, beside: Beside, finite: bool = True) -> float:
    """What the function `module:function` says of predictions. beside: the `inputs`, and the `groups` that the data name, if they
    do. Raises OwnCodeError unless that is one number, which is to be `finite`, or need not be."""
    function = call.load(reference)
    asked = asked_by(function)
    call.check_arguments(reference, function, (*ARGUMENTS, *asked))
    if missing := [name for name in asked if name not in beside]:
        raise OwnCodeError(
            f"{reference}: expected data that have the {missing[0]} which it asks for, received none. Write data: {{groups: …}},"
            " with the column or array that says what each example belongs to."
        )
    given = {name: beside[name]() for name in asked}
    with call.attribute_errors_to(reference, "measuring predictions"):
        value = function(truth.copy(), prediction.copy(), **given)
    return _number(reference, value, prediction, finite)


def asked_by(function: Callable[..., Any]) -> list[str]:
    """What a function asks for beside truth and prediction."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return []
    return [name for name in parameters if name in ASKED_BY_NAME]


def _number(reference: str, value: Any, prediction: Array, finite: bool) -> float:
    try:
        array = np.asarray(value)
        number = float(array.reshape(-1)[0]) if array.size == 1 and array.dtype.kind in "fiub" else None
    except (TypeError, ValueError):
        number = None
    if number is None or (finite and not math.isfinite(number)):
        received = f"{number}" if number is not None else _described(value)
        raise OwnCodeError(
            f"{reference}: expected one finite number of predictions of shape {prediction.shape}, received {received}."
        )
    return number


def _described(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__}" + (f" of shape {tuple(shape)}" if shape is not None else f" {value!r:.60}")
