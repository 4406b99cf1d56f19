"""Input scalings: what is done to a data set's inputs before a model sees them, alike in training, validation and test.

A scaling follows from the values and never from their type: the same pixels as uint8, int64 or float64 are scaled the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LARGEST_PIXEL = 255
BRIGHT = 128  # where no value reaches it, whole numbers are rather classes, counts or bits than pixels


Scaling = Callable[[Array], Array]


def _as_they_are(_: Array) -> Scaling:
    return lambda inputs: inputs.astype(np.float32, copy=False)


def _pixels(_: Array) -> Scaling:
    """Bytes stay bytes, which an engine divides as it reads them: that takes a quarter of the memory."""
    return lambda x: x if x.dtype == np.uint8 else x.astype(np.float32) * np.float32(1 / LARGEST_PIXEL)


def _standard(train: Array) -> Scaling:
    mean, spread = (
        np.asarray(of(train, axis=_axes(train), dtype=np.float64, keepdims=True)) for of in (np.mean, np.std)
    )
    return _moved(mean, spread)


def _unit(train: Array) -> Scaling:
    low, high = (np.asarray(of(train, axis=_axes(train), keepdims=True), np.float64) for of in (np.min, np.max))
    return _moved(low, high - low)


def _axes(inputs: Array) -> tuple[int, ...]:
    """What a statistic is taken over: all but the last axis, of features or channels, and all of grey images without one."""
    grey = inputs.ndim == 3 and looks_like_pixels(inputs)
    return tuple(range(inputs.ndim if grey else inputs.ndim - 1))


def _moved(start: Array, size: Array) -> Scaling:
    """Values from a start in units of a size; what is the same in all training examples becomes 0."""
    divisor = np.where(size > 0, size, 1.0)
    return lambda inputs: ((inputs - start) / divisor).astype(np.float32)


# From the training inputs `(n, *example)` to what scales those of any part.
SCALINGS: dict[str, Callable[[Array], Scaling]] = {
    "none": _as_they_are,
    "pixels": _pixels,
    "standard": _standard,
    "unit": _unit,
}
CHOICES = ("auto", *SCALINGS)


def scaling(recipe: dict[str, Any], inputs: Array, pixels: bool, table: bool = False) -> str:
    """The name of the scaling that a recipe asks for, or under `auto` the one that fits.

    inputs: `(n, *example)`. pixels: whether they are like pixels, see looks_like_pixels. Images are scaled then, and rows
    for a built-in model; rows for a model of the user's own may as well be tokens, and stay as they are. table: whether they
    were columns of a table, which come in units of all sizes.
    """
    chosen: str = recipe["input_scaling"]["name"]
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


def are_bytes(inputs: Array) -> bool:
    """Whether inputs are whole numbers from 0 to 255."""
    if inputs.dtype == np.uint8:
        return True
    if not 0 <= inputs.min() <= inputs.max() <= LARGEST_PIXEL:  # false for NaN
        return False
    return inputs.dtype.kind != "f" or bool((inputs == np.floor(inputs)).all())
