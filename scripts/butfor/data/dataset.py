"""A data set: loaded from the stored arrays into memory, or read from them by rows, and split by seed."""

from __future__ import annotations

import hashlib
import json
import logging
import zipfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.data.data_error import DataError as DataError
from butfor.data.folds import Folds
from butfor.data.limits import Validation
from butfor.data.several_inputs import SEPARATOR, Inputs, flat, mapped, nested, shapes, taken
from butfor.data.stored_arrays import streamed_arrays
from butfor.data.streamed_array import StreamedArray
from butfor.data.whole_groups import TOGETHER, parted
from butfor.fold_numbers import place_of
from butfor.process.memory_limit import memory_limit
from butfor.recipe import input_scalings, streams
from butfor.recipe.categories import Categorical, left_numbers, places
from butfor.recipe.tasks import CLASSIFICATION, OWN

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int32]
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
WEIGHTS = "w_train"  # a fifth, which some data sets have
INPUTS = ("x_train", "x_test")
BY_INPUT = (*INPUTS, "pixels", "scaling")  # what a data set has of each input
SHARE = 8  # of the memory that a process may use, inputs as float32 that are held in it take one part at most
FLOAT = 4  # bytes
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dataset:
    """A data set: inputs `(n, *example)`, uint8 or float32, in memory or a StreamedArray, one or several by name, with targets
    `(n, *target)`: classes as int32 from 0 to `classes` - 1, all else as float32.

    official: how many of the training examples, the last ones, are the validation part of the user's, if there is one. task: what
    the targets are for, see recipe/tasks. outputs: the shape of what a model gives for one example; empty for `(classes,)`.
    classes: its last number. pixels: whether the training inputs are like pixels, see looks_like_pixels. scaling: what was done
    to the inputs; under `pixels`, those that are still uint8 are to be divided by 255 as they are read. table: whether they were
    the columns of a table. w_train: what each training example counts, `(n,)`, if the data say so. vocabulary: the words of
    texts, whose numbers begin with 2. categorical: the columns of numbers of categories. Of several inputs, pixels and scaling
    are by name, too. folds: those that the training examples are divided into, if the study asks for them, an official
    validation part aside. fold: the division and its fold that is the test part, both from 0, and how many folds there are.
    numbers: the names of those of several inputs that are rows of integers, see inputs.of_numbers. room: for how many training
    examples a program is to have room, so that one serves folds of several sizes.
    """

    name: str
    fingerprint: str
    classes: int
    x_train: Inputs
    y_train: Array
    x_test: Inputs
    y_test: Array
    pixels: bool | dict[str, bool] = False
    scaling: str | dict[str, str] = "none"
    task: str = CLASSIFICATION.name
    outputs: tuple[int, ...] = ()
    official: int = 0
    table: bool = False
    w_train: Array | None = None
    vocabulary: tuple[str, ...] = ()
    categorical: tuple[Categorical, ...] = ()
    folds: Folds | None = None
    fold: tuple[int, int, int] | None = None
    together: Array | None = None
    numbers: tuple[str, ...] = ()
    room: int = 0

    @property
    def fitted_targets(self) -> Array:
        """The training targets that scales, weights and constant answers follow from, without an official validation part."""
        return self.y_train[: len(self.y_train) - self.official]

    def of_seed(self, seed: int, among: Iterable[int] = ()) -> Dataset:
        """The data set of a seed: itself, or with a fold of its training examples as the test part. among: the seeds whose folds
        a program for it is to have room for."""
        if self.folds is None:
            return self
        sizes = (len(self.folds.parts(self.y_train, self.official, each)[0]) for each in among)
        kept, test = self.folds.parts(self.y_train, self.official, seed)
        x = self.folds.fitted(self.x_train, kept, self.official)
        parts: dict[str, Any] = {
            "x_train": taken(x, kept),
            "y_train": self.y_train[kept],
            "x_test": taken(x, test),
            "y_test": self.y_train[test],
            "vocabulary": self.folds.vocabulary(kept[: len(kept) - self.official]),
            "w_train": None if self.w_train is None else self.w_train[kept],
            "together": None if self.together is None else self.together[kept],
        }
        fold = *place_of(seed, self.folds.count), self.folds.count
        return replace(self, **parts, folds=None, fold=fold, room=max(sizes, default=0))

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of what a model gives for one example; () where only its own loss knows."""
        return () if self.task == OWN.name else self.outputs or (self.classes,)

    @property
    def class_count(self) -> int:
        """How many classes there are, of which one output tells two apart."""
        return max(self.classes, 2)

    @property
    def input_shape(self) -> Any:
        """The shape of one example, or of several inputs by name."""
        return shapes(self.x_train)

    def only(self, names: Collection[str]) -> Dataset:
        """The data set with some of its several inputs."""
        by_name = {key: value for key in BY_INPUT if isinstance(value := getattr(self, key), dict)}
        kept: dict[str, Any] = {key: {name: value[name] for name in names} for key, value in by_name.items()}
        return replace(self, **kept)

    def scaled(self, recipe: dict[str, Any]) -> Dataset:
        """The data set with its inputs scaled as a recipe has it, each by itself."""

        def one(train: Any, test: Any, pixels: bool, kept: list[int], numbers: bool) -> tuple[Any, Any, str]:
            chosen = input_scalings.scaling(recipe, train, pixels, self.table, numbers)
            fitted = len(train) - self.official
            if isinstance(train, StreamedArray):
                scale = left_numbers(input_scalings.SCALINGS[chosen](train.first(fitted).blocks), kept)
                return train.scaled(scale), test.scaled(scale), chosen
            scale = left_numbers(input_scalings.SCALINGS[chosen](lambda: iter([train[:fitted]])), kept)
            return scale(train), scale(test), chosen

        kept = places(self.categorical, self.x_train)
        numbers = isinstance(self.x_train, dict) and {name: name in self.numbers for name in self.x_train}
        scaled = mapped(one, self.x_train, self.x_test, self.pixels, kept, numbers)
        parts = (mapped(itemgetter(place), scaled) for place in range(3))
        return replace(self, **dict(zip(("x_train", "x_test", "scaling"), parts, strict=True)))

    @cached_property
    def input_range(self) -> Any:
        """The smallest and the largest training input, as a model sees them; of several by name. Every record tells it."""

        def one(x: Array) -> tuple[float, float]:
            unit = input_scalings.LARGEST_PIXEL if x.dtype == np.uint8 else 1
            return float(x.min()) / unit, float(x.max()) / unit

        return mapped(one, self.x_train)


def load(arrays_path: Path | str, manifest_path: Path | str, stream: bool | None = None) -> Dataset:
    """The stored data set. stream: whether inputs stay on disk; None where they would take much of the memory. Raises DataError
    if the arrays are not those that were stored, and deletes them."""
    arrays_path, manifest_path = Path(arrays_path), Path(manifest_path)
    try:
        manifest = json.loads(manifest_path.read_text())
        folds = manifest.get("folds")
        arrays, others = _arrays(arrays_path, False if folds else stream)  # a seed's rows of folds are held in memory
        task, outputs = str(manifest["task"]), tuple(map(int, manifest["outputs"]))
        pixels, official = manifest["pixels"], int(manifest.get("official", 0))
        divided = Folds.of(manifest, others) if folds else None
        vocabulary = tuple(manifest.get("vocabulary", ()))
        categorical = tuple(Categorical(*column) for column in manifest.get("categorical", ()))
        together = others.get(TOGETHER)
        numbers = tuple(manifest.get("numbers", ()))
        fingerprint = fingerprint_of(arrays, task, official, divided, vocabulary, categorical, together, numbers)
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
        vocabulary=vocabulary,
        categorical=categorical,
        folds=divided,
        together=together,
        numbers=numbers,
    )


def _arrays(path: Path, stream: bool | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The stored arrays, the inputs in memory or not, and all that is stored."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        streamed = streamed_arrays(path, [name for name in stored.files if name.partition(SEPARATOR)[0] in INPUTS])
        needed, memory = FLOAT * sum(x.size for x in streamed.values()), memory_limit()
        if stream is None:
            stream = needed > memory / SHARE
        together = nested({name: streamed[name] if stream and name in streamed else stored[name] for name in stored})
    if stream:
        gib = needed / 2**30, memory / 2**30
        log.info("inputs of %.2g GiB as float32, beside %.3g GiB of memory: read from disk batch by batch", *gib)
    return {key: together[key] for key in (*ARRAYS, WEIGHTS) if key in (*ARRAYS, *together)}, together


def split(
    images: int,
    validation: Validation,
    train_size: int | None,
    seed: int,
    official: int = 0,
    together: Array | None = None,
) -> tuple[Rows, Rows]:
    """The rows of the training images that a seed trains on, and those that it validates on; no row is in both.

    images: how many there are. validation: the share to validate on, or OFFICIAL for the last `official` of them. train_size:
    the most to train on. together: the number of each image's group, if they belong to groups, which are validated on as a whole
    (see whole_groups). Drawn from the stream "split", so that every arm has the same split for the same seed. Raises DataError.
    """
    count = official if isinstance(validation, str) else round(images * validation)
    if isinstance(validation, str):
        train = streams.generator(seed, "split").permutation(images - count).astype(np.int32)
        validated = np.arange(images - count, images, dtype=np.int32)
    else:
        order = streams.generator(seed, "split").permutation(images).astype(np.int32)
        train, validated = (order[count:], order[:count]) if together is None else parted(order, together, count)
    if train_size is not None and train_size > len(train):
        raise DataError(f"train_size: expected at most {len(train)} examples after validation, received {train_size}.")
    return train[:train_size], validated


def fingerprint_of(
    arrays: dict[str, Any],
    task: str = CLASSIFICATION.name,
    official: int = 0,
    folds: Folds | None = None,
    vocabulary: Sequence[str] = (),
    categorical: Sequence[Categorical] = (),
    together: Array | None = None,
    numbers: Sequence[str] = (),
) -> str:
    """16 hexadecimal digits that stand for the arrays, with their shapes and types, for their task, for where an official
    validation part begins, for the folds and groups, for the words of texts and columns of categories, which models read (see
    Parts), and for the inputs that no scaling is fitted to."""
    digest = hashlib.sha256()
    for key, array in flat({key: arrays[key] for key in (*ARRAYS, WEIGHTS) if key in (*ARRAYS, *arrays)}).items():
        digest.update(f"{key}{array.shape}{array.dtype}".encode())
        for block in array.blocks() if isinstance(array, StreamedArray) else [np.ascontiguousarray(array)]:
            digest.update(block.reshape(-1).view(np.uint8).data)
    if task != CLASSIFICATION.name:
        digest.update(task.encode())
    if vocabulary:
        digest.update(json.dumps(list(vocabulary)).encode())
    if categorical:
        digest.update(json.dumps(list(categorical)).encode())
    if official:
        digest.update(f"official{official}".encode())
    if folds:
        digest.update(json.dumps(folds.about, sort_keys=True).encode())
        digest.update(b"" if folds.groups is None else folds.groups.tobytes())
    if together is not None:
        digest.update(b"together" + np.ascontiguousarray(together, np.int32).tobytes())
    if numbers:
        digest.update(json.dumps(["numbers", *sorted(numbers)]).encode())
    return digest.hexdigest()[:16]
