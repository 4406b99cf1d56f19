"""Inputs as they are stored: checked, and in a type that follows from their values and not from the type that they came in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.data.dataset import DataError
from butfor.recipe.input_scalings import are_ambiguous, are_bytes, looks_like_pixels

Array = npt.NDArray[Any]
APART = 10  # times that the mean size of one part's values may be the other's
SHOWN = 5  # columns that a message names


def stored(train: Array, test: Array, source: str) -> tuple[Array, Array]:
    """Both parts as uint8 if all are whole numbers from 0 to 255, else as float32. Raises DataError."""
    parts = {"x_train": train, "x_test": test}
    for part, x in parts.items():
        _check_numbers(x, part, source)
    if train.shape[1:] != test.shape[1:]:
        raise DataError(
            f"{source}: expected examples of one shape, received {train.shape[1:]} in x_train and {test.shape[1:]} in x_test."
        )
    kind = np.uint8 if are_bytes(train) and are_bytes(test) else np.float32
    with np.errstate(over="ignore"):
        arrays = {part: x.astype(kind, copy=False) for part, x in parts.items()}
    for part, x in arrays.items():
        _check_finite(x, part, source)
    return arrays["x_train"], arrays["x_test"]


def check_alike(train: Array, test: Array, source: str, mixed: bool) -> None:
    """Raise DataError if `input_scaling: auto` cannot know what is meant: parts of very different ranges, or rows that may be
    pixels or tokens, where both built-in models and others are trained (`mixed`)."""
    sizes = [float(np.abs(x, dtype=np.float64).mean()) for x in (train, test)]
    if min(sizes) > 0 and max(sizes) > APART * min(sizes):
        raise DataError(
            f"{source}: expected training and test inputs of one range, received x_train {_range(train)} and x_test"
            f" {_range(test)}. Scale both alike; if it is meant so, write recipe: {{input_scaling: none}}."
        )
    if mixed and are_ambiguous(train, looks_like_pixels(train)):
        raise DataError(
            f"{source}: expected input_scaling to be said, since these rows of whole numbers {_range(train)} may be pixels or"
            " tokens, and both built-in models and your own are trained on them, received auto. Write recipe:"
            " {input_scaling: pixels} to divide by 255, or none."
        )


def _range(x: Array) -> str:
    return f"from {x.min():g} to {x.max():g}"


def _check_numbers(x: Array, part: str, source: str) -> None:
    if x.dtype.kind not in "buif":
        raise DataError(
            f"{source}: expected {part} as an array of numbers, received {x.dtype} {x.shape}. Turn text and categories into"
            f" numbers, then write {part} = {part}.astype('float32')."
        )
    if x.ndim < 2 or not x.size:
        one = f" One number per example is {part}.reshape(-1, 1)." if x.ndim == 1 and x.size else ""
        raise DataError(
            f"{source}: expected {part} of shape (examples, …) with a value or more each, received {x.shape}.{one}"
        )


def _check_finite(x: Array, part: str, source: str) -> None:
    if x.dtype.kind != "f" or np.isfinite(x).all():
        return
    broken = ~np.isfinite(x)
    if x.ndim == 2:
        counts = broken.sum(axis=0)
        columns = np.flatnonzero(counts)
        shown = [f"column {column} ({counts[column]} of {len(x)} rows)" for column in columns[:SHOWN]]
        where = (
            ", ".join(shown + [f"{len(columns) - SHOWN} columns more"] * (len(columns) > SHOWN)) + ", counted from 0"
        )
    else:
        where = f"{int(broken.reshape(len(x), -1).any(axis=1).sum())} of {len(x)} examples"
    raise DataError(
        f"{source}: expected finite inputs, received NaN or infinity in {part}, {where}. Fill the gaps (with the training"
        " part's mean, say), or leave these out."
    )
