"""Input scalings: what is done to a data set's inputs before a model sees them, alike in training, validation and test.

A scaling follows from the values and never from their type: the same pixels as uint8, int64 or float64 are scaled the same. But
of several inputs, rows of integers may be numbers of words or of stations, whose mean means nothing: what is fitted to values
leaves them as they are.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LARGEST_PIXEL = 255
BRIGHT = 128  # where no value reaches it, whole numbers are rather classes, counts or bits than pixels


Scaling = Callable[[Array], Array]
Blocks = Callable[[], Iterator[Array]]  # gives the training inputs `(n, *example)`, some rows at a time


def _as_they_are(_: Blocks) -> Scaling:
    return lambda inputs: inputs.astype(np.float32, copy=False)


def _pixels(_: Blocks) -> Scaling:
    """Bytes stay bytes, which an engine divides as it reads them: that takes a quarter of the memory."""
    return lambda x: x if x.dtype == np.uint8 else x.astype(np.float32) * np.float32(1 / LARGEST_PIXEL)


def _standard(train: Blocks) -> Scaling:
    axes = _axes(train)
    total, count = _sum(train, axes, lambda block: block)
    mean = total / count
    squares, _ = _sum(train, axes, lambda block: np.square(block - mean))
    return _moved(mean, np.sqrt(squares / count))


def _unit(train: Blocks) -> Scaling:
    axes = _axes(train)
    low, high = (
        np.asarray(functools.reduce(of, (of.reduce(block, axis=axes, keepdims=True) for block in train())), np.float64)
        for of in (np.minimum, np.maximum)
    )
    return _moved(low, high - low)


def _axes(train: Blocks) -> tuple[int, ...]:
    """What a statistic is taken over: all but the last axis, of features or channels, and all of grey images without one."""
    dimensions = next(train()).ndim
    grey = dimensions == 3 and all_look_like_pixels(train())
    return tuple(range(dimensions if grey else dimensions - 1))


def _sum(train: Blocks, axes: tuple[int, ...], of: Callable[[Array], Array]) -> tuple[Array, int]:
    """The sum of what is made `of` each block, and how many values each sum has. Features are summed row by row from block to
    block, as NumPy sums them in one."""
    total: Any = None
    count = 0
    for block in train():
        values = of(block)
        count += math.prod(block.shape[axis] for axis in axes)
        if total is None or len(axes) == block.ndim:
            part = np.sum(values, axis=axes, dtype=np.float64, keepdims=True)
            total = part if total is None else total + part
        else:
            rows = np.concatenate([total.reshape(1, -1), values.reshape(-1, values.shape[-1])])
            total = np.sum(rows, axis=0, dtype=np.float64).reshape(total.shape)
    return total, count


def _moved(start: Array, size: Array) -> Scaling:
    """Values from a start in units of a size; what is the same in all training examples becomes 0."""
    divisor = np.where(size > 0, size, 1.0)
    return lambda inputs: ((inputs - start) / divisor).astype(np.float32)


FITTED = ("standard", "unit")
NUMBERS = "none (whole numbers)"  # no choice, but what becomes of integers among several inputs in place of one that is FITTED
# From the training inputs to what scales those of any part.
SCALINGS: dict[str, Callable[[Blocks], Scaling]] = {
    "none": _as_they_are,
    "pixels": _pixels,
    "standard": _standard,
    "unit": _unit,
    NUMBERS: _as_they_are,
}
CHOICES = ("auto", *(name for name in SCALINGS if name != NUMBERS))


def scaling(recipe: dict[str, Any], inputs: Array, pixels: bool, table: bool = False, numbers: bool = False) -> str:
    """The name of the scaling that a recipe asks for, or under `auto` the one that fits.

    inputs: `(n, *example)`. pixels: whether they are like pixels, see looks_like_pixels. Images are scaled then, and rows
    for a built-in model; rows for a model of the user's own may as well be tokens, and stay as they are. table: whether they
    were columns of a table, which come in units of all sizes. numbers: whether they are integers among several inputs, see
    inputs.of_numbers.
    """
    chosen: str = recipe["input_scaling"]["name"]
    if numbers and chosen in FITTED:
        return NUMBERS
    if chosen != "auto":
        return chosen
    if table:
        return "standard"
    are_pixels = pixels and (_are_images(inputs) or ":" not in recipe["model"]["name"])
    return "pixels" if are_pixels else "none"


def _are_images(inputs: Array) -> bool:
    return inputs.ndim in (3, 4)


def are_ambiguous(inputs: Array, pixels: bool) -> bool:
    """Whether `auto` depends on the model: rows that may be pixels or tokens."""
    return pixels and not _are_images(inputs)


def looks_like_pixels(inputs: Array) -> bool:
    """Whether inputs are whole numbers from 0 to 255 and reach at least 128."""
    return are_bytes(inputs) and int(inputs.max()) >= BRIGHT


def all_look_like_pixels(blocks: Iterable[Array]) -> bool:
    """Whether all inputs are bytes by their values, and some look like pixels."""
    pixels = False
    for block in blocks:
        if not are_bytes(block):
            return False
        pixels = pixels or looks_like_pixels(block)
    return pixels


def are_bytes(inputs: Array) -> bool:
    """Whether inputs are whole numbers from 0 to 255."""
    if inputs.dtype == np.uint8:
        return True
    if not 0 <= inputs.min() <= inputs.max() <= LARGEST_PIXEL:  # false for NaN
        return False
    return inputs.dtype.kind != "f" or bool((inputs == np.floor(inputs)).all())
