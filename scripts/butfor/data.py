"""A data set as arrays: read from its published files or the user's own file or function, stored, loaded and split by seed."""

from __future__ import annotations

import hashlib
import json
import math
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor import fetch, own_code, published, streams
from butfor.catalogue import PUBLISHED
from butfor.errors import StudyError
from butfor.published import ARRAYS
from butfor.record import write_atomically, write_with_copy
from butfor.time_limit import time_limit

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int32]
MOST_CLASSES = 1_000_000


class DataError(StudyError):
    """A data set that cannot be trained on, in words for the person who brought it."""


@dataclass(frozen=True)
class Dataset:
    """Images `(n, *image)`, uint8 or float32, with labels `(n,)`, int32 from 0 to `classes` - 1."""

    name: str
    fingerprint: str
    classes: int
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array


def prepare(
    settings: dict[str, Any],
    arrays_path: Path,
    manifest_path: Path,
    source_path: Path,
    store: Path,
    max_minutes: float | None = None,
) -> None:
    """Find the data set that `settings` name, and store its arrays, what they are, and where they came from.

    settings: the study's `data`, and `largest` (see Plan.largest), which the data must afford. max_minutes: see
    time_limit, for a function of the user's own.

    The manifest holds nothing but what the arrays are, so that the same data from another place train nothing anew.
    Raises FetchError or DataError.
    """
    name = settings["name"]
    arrays_path, manifest_path, source_path = (path.absolute() for path in (arrays_path, manifest_path, source_path))
    if name == "digits":
        place, arrays = "scikit-learn", _digits()
    elif name == "npz":
        place, arrays = str(settings["file"]), _user_file(Path(settings["file"]).expanduser())
    elif ":" in name:
        with time_limit(max_minutes, f"{name}()"), own_code.answers_for(name, "loading the data"):
            place, arrays = f"{name}()", _own(name)
    else:
        place, files = fetch.find(PUBLISHED[name], settings["folder"], settings["download"], store)
        arrays = published.read(name, files)
    _check(arrays, name)
    _check_affords(arrays["x_train"], settings)
    arrays_path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(arrays_path, **arrays)  # type: ignore[arg-type]
    manifest = {
        "name": name,
        "fingerprint": _fingerprint(arrays),
        "classes": int(arrays["y_train"].max()) + 1,
        "shapes": {key: list(arrays[key].shape) for key in ARRAYS},
    }
    write_atomically(source_path, json.dumps({"source": place}))
    write_with_copy(manifest_path, json.dumps(manifest, indent=1))


def load(arrays_path: Path, manifest_path: Path) -> Dataset:
    """The stored data set. Raises DataError if the arrays are not those that were stored, and deletes them."""
    try:
        manifest = json.loads(manifest_path.read_text())
        with arrays_path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in ARRAYS}
        told = manifest["fingerprint"], manifest["classes"]
        whole = told == (_fingerprint(arrays), int(arrays["y_train"].max()) + 1)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        whole = False
    if not whole:
        arrays_path.unlink(missing_ok=True)
        raise DataError(
            f"{arrays_path} or {manifest_path.name} was damaged; the arrays have been deleted. Make both anew by"
            f" `snakemake --cores 1 {arrays_path}` and give the same command again: only what is missing is trained."
            " Without that, everything is trained again, to the same numbers."
        )
    return Dataset(manifest["name"], manifest["fingerprint"], manifest["classes"], **arrays)


def split(images: int, validation: float, train_size: int | None, seed: int) -> tuple[Rows, Rows]:
    """Rows of the training images that this seed trains on and validates on; no row is in both.

    Drawn from the stream "split", so every arm has the same split for the same seed.
    """
    order = streams.generator(seed, "split").permutation(images).astype(np.int32)
    held_out = round(images * validation)
    train, held = order[held_out:], order[:held_out]
    if train_size is not None and train_size > len(train):
        raise DataError(f"train_size: expected at most {len(train)} images after validation, received {train_size}.")
    return train[:train_size], held


def _check_affords(images: Array, settings: dict[str, Any]) -> None:
    """Whether the training images left after validation are enough, and large enough, for every recipe of the study."""
    left = len(images) - round(len(images) * settings["validation"])
    if left == len(images):
        raise DataError(
            f"data.validation: expected a share that is at least one of the {left} training images, received"
            f" {settings['validation']:g}."
        )
    for key in ("train_size", "batch_size"):
        wanted = settings["largest"][key]
        if wanted > left:
            raise DataError(
                f"{key}: expected at most the {left} training images that are left after validation, received {wanted}."
            )
    side = min(images.shape[1:3]) if images.ndim in (3, 4) else 0
    if settings["largest"]["side"] > side:
        raise DataError(
            f"{settings['name']}: a recipe convolves, shifts or flips, and needs images of {settings['largest']['side']} pixels"
            f" or more each way; received examples of shape {images.shape[1:]}."
        )


def _fingerprint(arrays: dict[str, Array]) -> str:
    digest = hashlib.sha256()
    for key in ARRAYS:
        array = np.ascontiguousarray(arrays[key])
        digest.update(f"{key}{array.shape}{array.dtype}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _check(arrays: dict[str, Array], name: str) -> None:
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.ndim < 2 or not x.size:
            raise DataError(f"{name}: expected images (n, …) with a value or more each, received {x.shape} in {part}.")
        if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer) or (len(y) and y.min() < 0):
            raise DataError(
                f"{name}: expected labels as whole numbers from 0, one per image, received {y.dtype} {y.shape} in {part}."
            )
        if len(x) != len(y) or not len(x):
            raise DataError(
                f"{name}: expected one label per image, received {len(x)} images and {len(y)} labels in {part}."
            )
        if x.dtype.kind == "f" and not np.isfinite(x).all():
            raise DataError(f"{name}: expected finite pixels, received NaN or infinity in {part}.")
    classes = int(arrays["y_train"].max()) + 1
    if classes < 2 or arrays["y_test"].max() >= classes:
        raise DataError(f"{name}: expected at least 2 classes, all of them in the training labels, received {classes}.")
    occurring = np.unique(arrays["y_train"])
    if len(occurring) < classes:
        empty = np.setdiff1d(np.arange(min(classes, len(occurring) + 10)), occurring)[:10]
        raise DataError(
            f"{name}: expected labels 0 to {classes - 1} to occur in training, received none of {', '.join(map(str, empty))}."
            " Number the classes from 0, without gaps."
        )
    if arrays["x_train"].shape[1:] != arrays["x_test"].shape[1:]:
        raise DataError(f"{name}: expected training and test images of one shape.")


def _digits() -> dict[str, Array]:
    """1 797 images of 8x8 pixels; the last fifth is the test set, so that it never changes."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images * (255 / 16)).round().astype(np.uint8)
    labels = digits.target.astype(np.int32)
    cut = len(images) * 4 // 5
    return {"x_train": images[:cut], "y_train": labels[:cut], "x_test": images[cut:], "y_test": labels[cut:]}


def _user_file(path: Path) -> dict[str, Array]:
    if not path.is_file():
        raise DataError(f"data.file: expected an .npz file, received {path}, which is not there.")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_fits(path, archive)
        with np.load(path, allow_pickle=False) as stored:
            missing = [key for key in ARRAYS if key not in stored]
            if missing:
                raise DataError(f"{path}: expected arrays {', '.join(ARRAYS)}, missing {', '.join(missing)}.")
            arrays = {key: stored[key] for key in ARRAYS}
    except DataError:
        raise
    except Exception as failure:  # what a damaged or made-up file may raise is not written down anywhere
        what = " ".join(f"{failure or type(failure).__name__}".split())
        raise DataError(f"{path}: expected a whole .npz file of plain arrays: {what}") from failure
    return _as_stored(arrays, str(path))


def _check_fits(path: Path, archive: zipfile.ZipFile) -> None:
    """Before anything is unpacked, whether each array is as long as its header says, and all fit into memory."""
    memory, total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), 0
    for member in archive.infolist():
        total += member.file_size
        with archive.open(member) as stream:
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            shape, _, dtype = read[np.lib.format.read_magic(stream)](stream)
            declared = math.prod(shape) * dtype.itemsize
        if not dtype.hasobject and declared > member.file_size:
            raise DataError(
                f"{path}: expected whole arrays; {member.filename} says that it has {declared} bytes, and has"
                f" {member.file_size}."
            )
    if total > memory:
        raise DataError(
            f"{path}: expected arrays that fit into {memory / 2**30:.3g} GiB of memory, received {total / 2**30:.3g}."
        )


def _own(name: str) -> dict[str, Array]:
    """What the user's own function gives: a mapping of the four arrays, or the arrays in this order."""
    given = own_code.load(name)()
    if isinstance(given, tuple | list) and len(given) == len(ARRAYS):
        given = dict(zip(ARRAYS, given, strict=True))
    if not isinstance(given, dict) or set(given) != set(ARRAYS):
        received = sorted(given) if isinstance(given, dict) else type(given).__name__
        raise DataError(f"{name}: expected it to return {', '.join(ARRAYS)}, received {received}.")
    return _as_stored({key: np.asarray(given[key]) for key in ARRAYS}, name)


def _as_stored(arrays: dict[str, Array], source: str) -> dict[str, Array]:
    """Images as uint8 or float32, whole labels as int32. Raises DataError."""
    for key, array in arrays.items():
        if array.dtype.kind not in "buif":
            raise DataError(f"{source}: expected {key} as an array of numbers, received {array.dtype} {array.shape}.")
        if key[0] == "y" and array.dtype.kind in "iu" and array.size and array.max() > MOST_CLASSES:
            raise DataError(f"{source}: expected labels up to {MOST_CLASSES}, received {array.max()} in {key}.")
    images = {k: a if a.dtype == np.uint8 else a.astype(np.float32) for k, a in arrays.items() if k[0] == "x"}
    labels = {k: a.astype(np.int32) if a.dtype.kind in "iu" else a for k, a in arrays.items() if k[0] == "y"}
    return images | labels
