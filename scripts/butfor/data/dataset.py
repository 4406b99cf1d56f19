"""A data set in memory: loaded from the stored arrays, and split by seed."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.errors import StudyError
from butfor.recipe import input_scalings, streams

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int32]
ARRAYS = ("x_train", "y_train", "x_test", "y_test")


class DataError(StudyError):
    """A data set that cannot be trained on."""


@dataclass(frozen=True)
class Dataset:
    """A data set in memory: inputs `(n, *example)`, uint8 or float32, with labels `(n,)`, int32 from 0 to `classes` - 1.

    pixels: whether the training inputs are like pixels, see looks_like_pixels. scaling: what was done to the inputs; under
    `pixels`, those that are still uint8 are to be divided by 255 as they are read.
    """

    name: str
    fingerprint: str
    classes: int
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    pixels: bool = False
    scaling: str = "none"

    def scaled(self, recipe: dict[str, Any]) -> Dataset:
        """The data set with its inputs scaled as a recipe has it."""
        chosen = input_scalings.scaling(recipe, self.x_train, self.pixels)
        scale = input_scalings.SCALINGS[chosen]
        return replace(self, x_train=scale(self.x_train), x_test=scale(self.x_test), scaling=chosen)

    @property
    def input_range(self) -> tuple[float, float]:
        """The smallest and the largest training input, as a model sees them."""
        unit = input_scalings.LARGEST_PIXEL if self.x_train.dtype == np.uint8 else 1
        return float(self.x_train.min()) / unit, float(self.x_train.max()) / unit


def load(arrays_path: Path | str, manifest_path: Path | str) -> Dataset:
    """The stored data set. Raises DataError if the arrays are not those that were stored, and deletes them."""
    arrays_path, manifest_path = Path(arrays_path), Path(manifest_path)
    try:
        manifest = json.loads(manifest_path.read_text())
        with arrays_path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in ARRAYS}
        expected = manifest["fingerprint"], manifest["classes"]
        pixels = bool(manifest["pixels"])
        undamaged = expected == (fingerprint_of(arrays), int(arrays["y_train"].max()) + 1)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        undamaged = False
    if not undamaged:
        arrays_path.unlink(missing_ok=True)
        raise DataError(
            f"{arrays_path} or {manifest_path.name} was damaged; the arrays have been deleted. Make both anew by"
            f" `snakemake --cores 1 {arrays_path}` and give the same command again: only what is missing is trained."
            " Without that, everything is trained again, to the same numbers."
        )
    return Dataset(manifest["name"], manifest["fingerprint"], manifest["classes"], **arrays, pixels=pixels)


def split(images: int, validation: float, train_size: int | None, seed: int) -> tuple[Rows, Rows]:
    """The rows of the training images that a seed trains on, and those that it validates on; no row is in both.

    images: how many there are. validation: the share to validate on. train_size: the most to train on. Drawn from the stream
    "split", so that every arm has the same split for the same seed. Raises DataError.
    """
    order = streams.generator(seed, "split").permutation(images).astype(np.int32)
    count = round(images * validation)
    train, validated = order[count:], order[:count]
    if train_size is not None and train_size > len(train):
        raise DataError(f"train_size: expected at most {len(train)} images after validation, received {train_size}.")
    return train[:train_size], validated


def fingerprint_of(arrays: dict[str, Array]) -> str:
    """16 hexadecimal digits that stand for the four arrays, with their shapes and types."""
    digest = hashlib.sha256()
    for key in ARRAYS:
        array = np.ascontiguousarray(arrays[key])
        digest.update(f"{key}{array.shape}{array.dtype}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]
