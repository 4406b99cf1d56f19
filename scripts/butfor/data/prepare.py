"""The preparation of a data set: read from its published files or from the user's own file or function, checked and stored."""

from __future__ import annotations

import json
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data import fetch, limits, published
from butfor.data.catalogue import PUBLISHED
from butfor.data.dataset import ARRAYS, Array, DataError, fingerprint_of
from butfor.process.time_limit import time_limit
from butfor.records.files import write_atomically, write_with_copy
from butfor.user_code import call
from butfor.user_code.location import is_own

MOST_CLASSES = 1_000_000


def prepare(
    settings: dict[str, Any],
    arrays_path: Path | str,
    manifest_path: Path | str,
    source_path: Path | str,
    store: Path | None = None,
    max_minutes: float | None = None,
) -> None:
    """Find the data set that `settings` name, and write three files: its arrays, a manifest that describes them, and their
    source.

    settings: the study's `data`, and `largest`, what its recipes need (see Plan.largest). max_minutes: see time_limit, for a
    function of the user's own. store: the folder for downloads, by default `files` beside the arrays.

    The manifest only describes the arrays, so that the same data from another place train nothing anew. Raises FetchError,
    DataError or OwnCodeError.
    """
    name = settings["name"]
    arrays_file, manifest_file, source_file = (
        Path(path).absolute() for path in (arrays_path, manifest_path, source_path)
    )
    source, arrays = _source_and_arrays(settings, store or arrays_file.parent / "files", max_minutes)
    _check(arrays, name)
    _check_suffices(arrays["x_train"], settings)
    arrays_file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(arrays_file, **arrays)  # type: ignore[arg-type]
    manifest = {
        "name": name,
        "fingerprint": fingerprint_of(arrays),
        "classes": int(arrays["y_train"].max()) + 1,
        "shapes": {key: list(arrays[key].shape) for key in ARRAYS},
    }
    write_atomically(source_file, json.dumps({"source": source}))
    write_with_copy(manifest_file, json.dumps(manifest, indent=1))


def _source_and_arrays(
    settings: dict[str, Any], store: Path, max_minutes: float | None
) -> tuple[str, dict[str, Array]]:
    """Where the data set comes from, in words for the report, and its four arrays."""
    name = settings["name"]
    if name == "digits":
        return "scikit-learn", _digits()
    if name == "npz":
        return str(settings["file"]), _user_file(Path(settings["file"]).expanduser())
    if is_own(name):
        with time_limit(max_minutes, f"{name}()"), call.attribute_errors_to(name, "loading the data"):
            return f"{name}()", _own(name)
    place, files = fetch.find(PUBLISHED[name], settings["folder"], settings["download"], store)
    return place, published.read(name, files)


def _check_suffices(images: Array, settings: dict[str, Any]) -> None:
    """Raise DataError unless the training images left after validation are enough, and large enough, for every recipe."""
    left = limits.left_to_train(len(images), settings["validation"])
    problem = limits.validation_problem(len(images), settings["validation"]) or limits.size_problem(
        left, settings["largest"]
    )
    if problem:
        raise DataError(problem)
    side = min(images.shape[1:3]) if images.ndim in (3, 4) else 0
    if settings["largest"]["side"] > side:
        raise DataError(
            f"{settings['name']}: a recipe convolves, shifts or flips, and needs images of {settings['largest']['side']} pixels"
            f" or more each way; received examples of shape {images.shape[1:]}."
        )


def _check(arrays: dict[str, Array], name: str) -> None:
    """Raise DataError unless the arrays are images and labels that can be trained on."""
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
    """Scikit-learn's 1 797 images of 8x8 pixels; the test set is always the last fifth."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images * (255 / 16)).round().astype(np.uint8)
    labels = digits.target.astype(np.int32)
    cut = len(images) * 4 // 5
    return {"x_train": images[:cut], "y_train": labels[:cut], "x_test": images[cut:], "y_test": labels[cut:]}


def _user_file(path: Path) -> dict[str, Array]:
    """The four arrays of the user's own .npz file. Raises DataError."""
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
    except Exception as failure:  # what NumPy raises for a damaged or malicious file is not documented
        reason = " ".join(f"{failure or type(failure).__name__}".split())
        raise DataError(f"{path}: expected a whole .npz file of plain arrays: {reason}") from failure
    return _as_stored(arrays, str(path))


def _check_fits(path: Path, archive: zipfile.ZipFile) -> None:
    """Before anything is unpacked, raise DataError unless each array is as long as its header says, and all fit into memory."""
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
    """The arrays that the user's own function returns: as a mapping, or in the order of ARRAYS. Raises DataError."""
    returned = call.load(name)()
    if isinstance(returned, tuple | list) and len(returned) == len(ARRAYS):
        returned = dict(zip(ARRAYS, returned, strict=True))
    if not isinstance(returned, dict) or set(returned) != set(ARRAYS):
        received = sorted(returned) if isinstance(returned, dict) else type(returned).__name__
        raise DataError(f"{name}: expected it to return {', '.join(ARRAYS)}, received {received}.")
    return _as_stored({key: np.asarray(returned[key]) for key in ARRAYS}, name)


def _as_stored(arrays: dict[str, Array], source: str) -> dict[str, Array]:
    """The arrays with images as uint8 or float32 and whole labels as int32. Raises DataError."""
    for key, array in arrays.items():
        if array.dtype.kind not in "buif":
            raise DataError(f"{source}: expected {key} as an array of numbers, received {array.dtype} {array.shape}.")
        if key[0] == "y" and array.dtype.kind in "iu" and array.size and array.max() > MOST_CLASSES:
            raise DataError(f"{source}: expected labels up to {MOST_CLASSES}, received {array.max()} in {key}.")
    images = {k: a if a.dtype == np.uint8 else a.astype(np.float32) for k, a in arrays.items() if k[0] == "x"}
    labels = {k: a.astype(np.int32) if a.dtype.kind in "iu" else a for k, a in arrays.items() if k[0] == "y"}
    return images | labels
