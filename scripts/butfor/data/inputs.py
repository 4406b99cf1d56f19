"""Inputs as they are stored: checked, and in a type that follows from their values and not from the type that they came in.

All is done block by block, so that inputs which are mapped from disk may be larger than memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.data.dataset import DataError
from butfor.recipe.input_scalings import are_ambiguous, are_bytes, looks_like_pixels

Array = npt.NDArray[Any]
APART = 10  # times that the mean size of one part's values may be the other's
SHOWN = 5  # columns that a message names
BLOCK = 1 << 26  # bytes that are looked at at once


def stored(train: Array, test: Array, source: str, scratch: Path) -> tuple[Array, Array]:
    """Both parts as uint8 if all are whole numbers from 0 to 255, else as float32. scratch: a folder for those in another type
    that are mapped from disk. Raises DataError."""
    parts = {"x_train": train, "x_test": test}
    for part, x in parts.items():
        _check_numbers(x, part, source)
    if train.shape[1:] != test.shape[1:]:
        raise DataError(
            f"{source}: expected examples of one shape, received {train.shape[1:]} in x_train and {test.shape[1:]} in x_test."
        )
    are_whole = all(are_bytes(block) for x in parts.values() for block in _blocks(x))
    kind = np.dtype(np.uint8 if are_whole else np.float32)
    with np.errstate(over="ignore"):
        arrays = {part: _as_kind(x, kind, scratch) for part, x in parts.items()}
    for part, x in arrays.items():
        _check_finite(x, part, source)
    return arrays["x_train"], arrays["x_test"]


def check_alike(train: Array, test: Array, source: str, mixed: bool) -> None:
    """Raise DataError if `input_scaling: auto` cannot know what is meant: parts of very different ranges, or rows that may be
    pixels or tokens, where both built-in models and others are trained (`mixed`)."""
    sizes = [sum(float(np.abs(block, dtype=np.float64).sum()) for block in _blocks(x)) / x.size for x in (train, test)]
    if min(sizes) > 0 and max(sizes) > APART * min(sizes):
        raise DataError(
            f"{source}: expected training and test inputs of one range, received x_train {_range(train)} and x_test"
            f" {_range(test)}. Scale both alike; if it is meant so, write recipe: {{input_scaling: none}}."
        )
    if mixed and are_ambiguous(train, are_pixels(train)):
        raise DataError(
            f"{source}: expected input_scaling to be said, since these rows of whole numbers {_range(train)} may be pixels or"
            " tokens, and both built-in models and your own are trained on them, received auto. Write recipe:"
            " {input_scaling: pixels} to divide by 255, or none."
        )


def are_pixels(x: Array) -> bool:
    """See looks_like_pixels."""
    return all(are_bytes(block) for block in _blocks(x)) and any(looks_like_pixels(block) for block in _blocks(x))


def _blocks(x: Array) -> Iterator[Array]:
    """The examples, some at a time."""
    some = max(1, BLOCK * len(x) // max(1, x.nbytes))
    return (np.asarray(x[at : at + some]) for at in range(0, len(x), some))


def _as_kind(x: Array, kind: np.dtype[Any], scratch: Path) -> Array:
    """The examples in another type; those that are mapped from disk stay on it."""
    if x.dtype == kind or not isinstance(x, np.memmap):
        return x.astype(kind, copy=False)
    with tempfile.TemporaryFile(dir=scratch) as file:
        converted = np.memmap(file, kind, "w+", shape=x.shape)
    at = 0
    for block in _blocks(x):
        converted[at : at + len(block)] = block.astype(kind)
        at += len(block)
    return converted


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
    if x.dtype.kind != "f" or all(np.isfinite(block).all() for block in _blocks(x)):
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
