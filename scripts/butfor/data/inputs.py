"""Inputs as they are stored: checked, and in a type that follows from their values and not from the type that they came in.

All is done block by block, so that inputs which are mapped from disk may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.data.dataset import DataError
from butfor.data.scratch_arrays import array_on_disk
from butfor.data.several_inputs import Inputs, each, named
from butfor.recipe.input_scalings import all_look_like_pixels, are_ambiguous, are_bytes

Array = npt.NDArray[Any]
APART = 10  # times that the mean size of one part's values may be the other's
SHOWN = 5  # columns that a message names
BLOCK = 1 << 26  # bytes that are looked at at once


def check_names(arrays: dict[str, Any], part: str, source: str) -> None:
    """Raise DataError unless the inputs of a part are those of the training part."""
    expected, received = ([name for name, _ in each(arrays[key])] for key in ("x_train", part))
    if sorted(expected) != sorted(received):
        words = [", ".join(filter(None, names)) or "one array" for names in (expected, received)]
        raise DataError(f"{source}: expected the inputs of x_train in {part}, {words[0]}, received {words[1]}.")


def stored(train: Inputs, test: Inputs, source: str, scratch: Path, gaps: bool = False) -> tuple[Inputs, Inputs]:
    """Both parts, each input as uint8 if all are whole numbers from 0 to 255, else as float32. scratch: a folder for those in
    another type that are mapped from disk. gaps: whether values may be missing, which are filled later. Raises DataError."""
    pairs = {name: _stored(name, x, other, source, scratch, gaps) for name, x, other in each(train, test)}
    if "" in pairs:
        return pairs[""]
    return {name: pair[0] for name, pair in pairs.items()}, {name: pair[1] for name, pair in pairs.items()}


def _stored(name: str, train: Array, test: Array, source: str, scratch: Path, gaps: bool) -> tuple[Array, Array]:
    parts = {named("x_train", name): train, named("x_test", name): test}
    for part, x in parts.items():
        _check_numbers(x, part, source)
    if train.shape[1:] != test.shape[1:]:
        shapes = " and ".join(f"{x.shape[1:]} in {part}" for part, x in parts.items())
        raise DataError(f"{source}: expected examples of one shape, received {shapes}.")
    are_whole = all(are_bytes(block) for x in parts.values() for block in _blocks(x))
    kind = np.dtype(np.uint8 if are_whole else np.float32)
    with np.errstate(over="ignore"):
        arrays = {part: _as_kind(x, kind, scratch) for part, x in parts.items()}
    for part, x in () if gaps else arrays.items():
        _check_finite(x, part, source)
    first, second = arrays.values()
    return first, second


def check_alike(train: Inputs, test: Inputs, source: str, mixed: bool) -> None:
    """Raise DataError if `input_scaling: auto` cannot know what is meant of some input: parts of very different ranges, or rows
    that may be pixels or tokens, where both built-in models and others are trained (`mixed`)."""
    for name, x, other in each(train, test):
        _check_alike(name, x, other, source, mixed)


def _check_alike(name: str, train: Array, test: Array, source: str, mixed: bool) -> None:
    sizes = [sum(map(_size, _blocks(x))) / x.size for x in (train, test)]
    if min(sizes) > 0 and max(sizes) > APART * min(sizes):
        raise DataError(
            f"{source}: expected training and test inputs of one range, received {named('x_train', name)}"
            f" {_range(train)} and {named('x_test', name)} {_range(test)}."
            " Scale both alike; if it is meant so, write recipe: {{input_scaling: none}}."
        )
    if mixed and are_ambiguous(train, are_pixels(train)):
        raise DataError(
            f"{source}: expected input_scaling to be said, since these rows of whole numbers {_range(train)} may be pixels or"
            " tokens, and both built-in models and your own are trained on them, received auto. Write recipe:"
            " {input_scaling: pixels} to divide by 255, or none."
        )


def _size(block: Array) -> float:
    """The sum of absolute values. Bytes are added up as they are, ten times as fast and exact too."""
    return float(block.sum(dtype=np.uint64) if block.dtype == np.uint8 else np.abs(block, dtype=np.float64).sum())


def are_pixels(x: Array) -> bool:
    """See looks_like_pixels."""
    return all_look_like_pixels(_blocks(x))


def of_numbers(inputs: Inputs) -> list[str]:
    """Of several inputs as they came, the names of rows of integers, such as the numbers of words or of stations. Bytes that look
    like pixels are none."""
    return [
        name
        for name, x in each(inputs)
        if name and x.ndim == 2 and x.dtype.kind in "iu" and not (x.dtype == np.uint8 and are_pixels(x))
    ]


def _blocks(x: Array) -> Iterator[Array]:
    """The examples, some at a time."""
    some = max(1, BLOCK * len(x) // max(1, x.nbytes))
    return (np.asarray(x[at : at + some]) for at in range(0, len(x), some))


def _as_kind(x: Array, kind: np.dtype[Any], scratch: Path) -> Array:
    """The examples in another type, one after another; those that are mapped from disk stay on it."""
    if not isinstance(x, np.memmap):
        return x.astype(kind, order="C", copy=False)
    if x.dtype == kind and x.flags.c_contiguous:
        return x
    converted = array_on_disk(x.shape, kind, scratch)
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
    if x.ndim == 2:
        counts = sum((~np.isfinite(block)).sum(axis=0) for block in _blocks(x))
        columns = np.flatnonzero(counts)
        shown = [f"column {column} ({counts[column]} of {len(x)} rows)" for column in columns[:SHOWN]]
        where = (
            ", ".join(shown + [f"{len(columns) - SHOWN} columns more"] * (len(columns) > SHOWN)) + ", counted from 0"
        )
    else:
        broken = sum(int((~np.isfinite(block)).reshape(len(block), -1).any(axis=1).sum()) for block in _blocks(x))
        where = f"{broken} of {len(x)} examples"
    raise DataError(
        f"{source}: expected finite inputs, received NaN or infinity in {part}, {where}. Fill the gaps (with the training"
        " part's mean, say), or leave these out."
    )
