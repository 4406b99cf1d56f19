"""The inputs of examples: one array, or several by name in a plain dictionary, each `(n, *example)`.

Everything that is done to inputs is done to each of them; an array alone stays an array, so that it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]
Inputs = Array | dict[str, Array]
Shape = tuple[int, ...]
SEPARATOR = "/"  # between x_train and the name of an input, where each has a name of its own in a file


def mapped(function: Callable[..., Any], inputs: Any, *others: Any) -> Any:
    """What a function makes of each input, by the same names; of `others` that are by name it gets the one of that name. Works
    for whatever stands for inputs: arrays, tensors, shapes."""
    if not isinstance(inputs, dict):
        return function(inputs, *others)
    return {
        name: function(value, *(x[name] if isinstance(x, dict) else x for x in others))
        for name, value in inputs.items()
    }


def taken(inputs: Inputs, rows: Any) -> Any:
    """Some examples: those in these rows, or of a slice."""
    return mapped(lambda x: x[rows], inputs)


def shapes(inputs: Any) -> Any:
    """The shape of one example, or of several inputs by name."""
    return mapped(lambda x: tuple(x.shape[1:]), inputs)


def each(inputs: Any, *others: Any) -> Iterator[Any]:
    """Each input after its name, which is empty where there is one alone, and before those of the same name among the others."""
    if isinstance(inputs, dict):
        return ((name, value, *(other[name] for other in others)) for name, value in inputs.items())
    return iter([("", inputs, *others)])


def named(part: str, name: str) -> str:
    """What messages and files call an input of a part, such as x_train."""
    return f"{part}{SEPARATOR}{name}" if name else part


def flat(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays with each input by itself, as `x_train/image`; several in the order of their names."""
    return {
        named(key, name): value[name] if name else value
        for key, value in arrays.items()
        for name in (sorted(value) if isinstance(value, dict) else [""])
    }


def nested(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The same arrays with several inputs together again."""
    together: dict[str, Any] = {}
    for key, value in arrays.items():
        part, separator, name = key.partition(SEPARATOR)
        if separator:
            together.setdefault(part, {})[name] = value
        else:
            together[part] = value
    return together


def examples(inputs: Inputs) -> int:
    """How many examples there are."""
    return len(next(value for _, value in each(inputs)))
