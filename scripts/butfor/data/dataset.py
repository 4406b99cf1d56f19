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

from butfor.data.limits import Validation
from butfor.errors import StudyError
from butfor.recipe import input_scalings, streams
from butfor.recipe.tasks import CLASSIFICATION, OWN

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int32]
ARRAYS = ("x_train", "y_train", "x_test", "y_test")


class DataError(StudyError):
    """A data set that cannot be trained on."""


@dataclass(frozen=True)
class Dataset:
    """A data set in memory: inputs `(n, *example)`, uint8 or float32, with targets `(n, *target)`: classes as int32 from 0 to
    `classes` - 1, all else as float32.

    official: how many of the training examples, the last ones, are the validation part of the user's, if there is one. task: what
    the targets are for, see recipe/tasks. outputs: the shape of what a model gives for one example; empty for `(classes,)`.
    classes: its last number. pixels: whether the training inputs are like pixels, see looks_like_pixels. scaling: what was done
    to the inputs; under `pixels`, those that are still uint8 are to be divided by 255 as they are read. table: whether they were
    the columns of a table.
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
    task: str = CLASSIFICATION.name
    outputs: tuple[int, ...] = ()
    official: int = 0
    table: bool = False

    @property
    def fitted_targets(self) -> Array:
        """The training targets that scales, weights and constant answers follow from, without an official validation part."""
        return self.y_train[: len(self.y_train) - self.official]

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of what a model gives for one example; () where only its own loss knows."""
        return () if self.task == OWN.name else self.outputs or (self.classes,)

    @property
    def class_count(self) -> int:
        """How many classes there are, of which one output tells two apart."""
        return max(self.classes, 2)

    def scaled(self, recipe: dict[str, Any]) -> Dataset:
        """The data set with its inputs scaled as a recipe has it."""
        chosen = input_scalings.scaling(recipe, self.x_train, self.pixels, self.table)
        scale = input_scalings.SCALINGS[chosen](self.x_train[: len(self.x_train) - self.official])
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
        task, outputs = str(manifest["task"]), tuple(map(int, manifest["outputs"]))
        pixels, official = bool(manifest["pixels"]), int(manifest.get("official", 0))
        fingerprint = fingerprint_of(arrays, task, official)
        undamaged = manifest["fingerprint"] == fingerprint and manifest["classes"] == outputs[-1]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        undamaged = False
    if not undamaged:
        arrays_path.unlink(missing_ok=True)
        raise DataError(
            f"{arrays_path} or {manifest_path.name} was damaged; the arrays have been deleted. Make both anew by"
            f" `snakemake --cores 1 {arrays_path}` and give the same command again: only what is missing is trained."
            " Without that, everything is trained again, to the same numbers."
        )
    return Dataset(
        manifest["name"],
        manifest["fingerprint"],
        manifest["classes"],
        **arrays,
        pixels=pixels,
        task=task,
        outputs=outputs,
        official=official,
        table=bool(manifest.get("columns")),
    )


def split(
    images: int, validation: Validation, train_size: int | None, seed: int, official: int = 0
) -> tuple[Rows, Rows]:
    """The rows of the training images that a seed trains on, and those that it validates on; no row is in both.

    images: how many there are. validation: the share to validate on, or OFFICIAL for the last `official` of them. train_size:
    the most to train on. Drawn from the stream "split", so that every arm has the same split for the same seed. Raises
    DataError.
    """
    count = official if isinstance(validation, str) else round(images * validation)
    if isinstance(validation, str):
        train = streams.generator(seed, "split").permutation(images - count).astype(np.int32)
        validated = np.arange(images - count, images, dtype=np.int32)
    else:
        order = streams.generator(seed, "split").permutation(images).astype(np.int32)
        train, validated = order[count:], order[:count]
    if train_size is not None and train_size > len(train):
        raise DataError(f"train_size: expected at most {len(train)} images after validation, received {train_size}.")
    return train[:train_size], validated


def fingerprint_of(arrays: dict[str, Array], task: str = CLASSIFICATION.name, official: int = 0) -> str:
    """16 hexadecimal digits that stand for the four arrays, with their shapes and types, for their task, and for where an
    official validation part begins."""
    digest = hashlib.sha256()
    for key in ARRAYS:
        array = np.ascontiguousarray(arrays[key])
        digest.update(f"{key}{array.shape}{array.dtype}".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    if task != CLASSIFICATION.name:
        digest.update(task.encode())
    if official:
        digest.update(f"official{official}".encode())
    return digest.hexdigest()[:16]
