"""Streams of batches as a source of data: tf.data.Dataset, keras.utils.PyDataset, or what else gives (inputs, targets) in turn.

A stream is read once, in its order, into files beside the stored arrays, so that all that holds of arrays holds of it: the
order of each seed is drawn by butfor and is the same for all arms, and what was trained on is known to the last bit.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import Array, DataError
from butfor.data.several_inputs import Inputs, each, mapped
from butfor.data.sources.single_examples import is_single, may_be_single

NAMES = {2: ("train", "test"), 3: ("train", "validation", "test")}
ARRAYS_OF = {"train": "train", "validation": "val", "test": "test"}  # what the arrays of a part are called after
COMPARED = (
    16  # batches that are read once more: shuffle() of a small buffer leaves the first few as they were now and then
)
EXAMPLES = "batches of (inputs, targets)"
log = logging.getLogger(__name__)


def streams_of(returned: Any) -> dict[str, Any]:
    """The streams that a user's function has returned, by part, as a dictionary or in the order train, validation, test; none if
    it has returned anything else."""
    if isinstance(returned, tuple | list) and len(returned) in NAMES:
        returned = dict(zip(NAMES[len(returned)], returned, strict=True))
    if not isinstance(returned, dict) or not set(returned) <= {*ARRAYS_OF}:
        return {}
    return returned if all(_is_stream(part) for part in returned.values()) else {}


def _is_stream(part: Any) -> bool:
    """Whether it gives batches, and is no array and no pair of arrays."""
    is_array = isinstance(part, tuple | list | dict | str) or hasattr(part, "shape")
    return not is_array and (callable(part) or hasattr(part, "__iter__") or hasattr(part, "__getitem__"))


def read_streams(streams: dict[str, Any], name: str, scratch: Path, task: str = "auto") -> dict[str, Inputs]:
    """The arrays of all parts, x_train, y_train and so on, on disk. name: of the function. scratch: a folder for them. task: the
    study's. Raises DataError."""
    if missing := {"train", "test"} - set(streams):
        raise DataError(
            f"{name}: expected streams for train and test, received {', '.join(streams)}, and none for"
            f" {' and '.join(sorted(missing))}. Split one off, once for the whole study, as by take and skip."
        )
    arrays: dict[str, Any] = {}
    for part, stream in streams.items():
        batches = _Stream(stream, f"{name}: {part}", scratch, task)
        batches.check_repeats()
        read = dict(zip("xyw", batches.arrays(), strict=False))
        if part != "train" and "w" in read:
            raise DataError(
                f"{name}: {part}: expected {EXAMPLES}, received weights as well, which count in the loss of training alone. Leave"
                " them out here."
            )
        arrays |= {f"{letter}_{ARRAYS_OF[part]}": array for letter, array in read.items()}
        log.info(
            "%s: %s: %d examples, read once in their order, in %d batches", name, part, len(read["y"]), batches.count
        )
    return arrays


class _Stream:
    """A stream of one part; `count`: the batches that were read."""

    def __init__(self, stream: Any, named: str, scratch: Path, task: str) -> None:
        self._task = task
        self._stream, self._named, self._scratch, self.count = stream, named, scratch, 0
        if _ends_never(stream):
            raise DataError(
                f"{named}: expected a stream that ends, received one that does not. Leave repeat() out, or end it by take():"
                " the recipe says how many epochs there are."
            )
        if hasattr(stream, "__next__"):
            raise DataError(
                f"{named}: expected a stream that can be read twice, received {type(stream).__name__}, which is empty after once."
                " Return the function that makes it, or a dataset."
            )

    def _batches(self) -> Iterator[tuple[Any, ...]]:
        for place, batch in enumerate(_elements(self._stream)):
            yield self._arrays(batch, place)

    def _arrays(self, batch: Any, place: int) -> tuple[Any, ...]:
        """Inputs, targets and, if there are any, weights."""
        if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
            received = f"a tuple of {len(batch)}" if isinstance(batch, tuple | list) else type(batch).__name__
            if isinstance(batch, dict):
                received = f"a dictionary of {', '.join(map(str, batch))}"
            raise DataError(
                f"{self._named}: expected {EXAMPLES}, received {received} as number {place}. Map it to a pair."
            )
        inputs, targets, *weights = _by_name(batch[0]), *map(np.asarray, batch[1:])
        if place == 0 and may_be_single(self._stream, inputs, targets, self._task):
            raise DataError(
                f"{self._named}: expected {EXAMPLES}, received inputs and targets of {targets.shape} that may be one example as"
                f" well as a batch of {len(targets)}. Write .batch(32), without drop_remainder; or name the task in the study"
                " file, such as task: segmentation."
            )
        if is_single(inputs, targets, self._task):  # an example that is not in a batch
            inputs, targets, *weights = (mapped(lambda x: x[None], part) for part in (inputs, targets, *weights))
        for x in (*(x for _, x in each(inputs)), *weights):
            if not x.ndim or len(x) != len(targets):
                raise DataError(
                    f"{self._named}: expected {EXAMPLES}, as many of both, received {x.shape} and targets of"
                    f" {targets.shape} as number {place}."
                )
        return (inputs, targets, *weights)

    def check_repeats(self) -> None:
        """Raise DataError unless the first batches are the same when they are read again; a short one several times."""
        first = self._first_digests()
        if any(self._first_digests() != first for _ in range(0, COMPARED, max(1, len(first)))):
            raise DataError(
                f"{self._named}: expected the same examples in the same order each time, received others when the first batches"
                " were read again. Leave out shuffle() (in image_dataset_from_directory, shuffle=False) and what changes inputs"
                " at random: the order is drawn anew for each seed and epoch, and the same for all arms, and a recipe can say"
                " shift, flip, rotation, zoom, noise, cutout or mixup."
            )

    def _first_digests(self) -> list[str]:
        """What tells the first batches from others."""
        return [_digest([x for part in batch for _, x in each(part)]) for batch in islice(self._batches(), COMPARED)]

    def arrays(self) -> tuple[Any, ...]:
        """Inputs, mapped from disk, targets and, if there are any, weights. Raises DataError."""
        written: dict[str, _Written] = {}
        others: list[list[Array]] = []
        for inputs, *those in self._batches():
            if not written:
                written = {name: _Written(x, self._named, self._scratch) for name, x in each(inputs)}
            if [*written] != [name for name, _ in each(inputs)]:
                names = " and ".join(", ".join(opened) for opened in (written, dict(each(inputs))))
                raise DataError(f"{self._named}: expected the same inputs in each batch, received {names}.")
            for name, x in each(inputs):
                written[name].add(x, self.count)
            others.append(those)
            self.count += 1
        if not written:
            raise DataError(f"{self._named}: expected an example or more, received none.")
        opened = {name: file.mapped() for name, file in written.items()}
        return (opened.get("", opened), *map(np.concatenate, zip(*others, strict=True)))


class _Written:
    """An input of a stream as it is written to disk. first: that of the first batch. named, scratch: see _Stream."""

    def __init__(self, first: Array, named: str, scratch: Path) -> None:
        self._named, self._scratch, self._kind, self._shape, self._rows = (
            named,
            scratch,
            first.dtype,
            first.shape[1:],
            0,
        )
        self._file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 (it ends with what is mapped from it)
        if first.dtype.kind not in "buif":
            raise DataError(
                f"{named}: expected inputs that are numbers, received {first.dtype}. Encode them in the stream."
            )

    def add(self, x: Array, batch: int) -> None:
        """Write those of a batch, counted from 0. Raises DataError for others than before, and where the disk cannot take what
        has been read once more."""
        if (x.dtype, x.shape[1:]) != (self._kind, self._shape):
            raise DataError(
                f"{self._named}: expected examples of one type and shape, received {self._kind} {self._shape}, and {x.dtype}"
                f" {x.shape[1:]} in batch {batch}. Cast, resize or pad them in the stream."
            )
        self._rows += len(x)
        free, needed = shutil.disk_usage(self._scratch).free, self._rows * x[:1].nbytes
        if free < needed:
            sizes = f"{needed / 2**30:.3g} GiB", f"{free / 2**30:.3g} GiB"
            raise DataError(
                f"{self._named}: expected a stream that fits on the disk, received {self._rows} examples so far, {sizes[0]} that"
                f" are to be stored once more, with {sizes[1]} left in {self._scratch}. If it never ends, end it by take(); else"
                " name a larger disk in the study file: results: /scratch/…"
            )
        self._file.write(np.ascontiguousarray(x).data)

    def mapped(self) -> Array:
        """All of it, mapped from disk. Raises DataError."""
        with self._file as file:
            file.flush()
            if not self._rows * np.prod(self._shape):
                raise DataError(f"{self._named}: expected an example or more, received none.")
            return np.memmap(file, self._kind, "r", shape=(self._rows, *self._shape))


def _by_name(inputs: Any) -> Inputs:
    """Inputs as one array, or several by name: those in a tuple are called input_1, input_2, …"""
    if isinstance(inputs, tuple | list) and all(hasattr(x, "shape") for x in inputs):
        inputs = {f"input_{number}": x for number, x in enumerate(inputs, start=1)}
    if isinstance(inputs, dict):
        return {str(name): np.asarray(x) for name, x in inputs.items()}
    return np.asarray(inputs)


def _elements(stream: Any) -> Iterator[Any]:
    """What a stream gives, from its beginning."""
    if callable(stream) and not hasattr(stream, "__iter__") and not hasattr(stream, "__getitem__"):
        stream = stream()
    if hasattr(stream, "as_numpy_iterator"):
        return iter(stream.as_numpy_iterator())
    if hasattr(stream, "num_batches") or not hasattr(stream, "__iter__"):
        return (stream[place] for place in range(_length(stream)))
    return iter(stream)


def _length(stream: Any) -> int:
    return int(stream.num_batches if hasattr(stream, "num_batches") else len(stream))


def _ends_never(stream: Any) -> bool:
    """Whether it says so, as tf.data and keras.utils.PyDataset do."""
    if hasattr(stream, "cardinality"):
        return int(stream.cardinality()) == -1
    return hasattr(stream, "num_batches") and stream.num_batches is None


def _digest(arrays: list[Array]) -> str:
    contents = hashlib.blake2b()
    for x in arrays:
        contents.update(f"{x.dtype}{x.shape}".encode())
        contents.update(x.tobytes() if x.dtype != object else repr(x.tolist()).encode())
    return contents.hexdigest()
