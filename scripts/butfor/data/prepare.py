"""The preparation of a data set: read from its published files or from the user's own file or function, checked and stored."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data import fetch, inputs, labels, limits, own_arrays, published
from butfor.data.catalogue import PUBLISHED
from butfor.data.dataset import ARRAYS, Array, DataError, fingerprint_of
from butfor.data.overlap import overlap_warning, overlap_words, shared_examples
from butfor.file_digests import file_digest
from butfor.process.time_limit import time_limit
from butfor.recipe.input_scalings import looks_like_pixels
from butfor.records.files import write_atomically, write_with_copy
from butfor.records.results_folder import DATA_FILES_READ
from butfor.user_code import call
from butfor.user_code.files_read import FilesRead, noticed
from butfor.user_code.location import is_own

COLOURS = (1, 3, 4)  # channels of grey, of colours, and of colours with opacity

log = logging.getLogger(__name__)


def prepare(
    settings: dict[str, Any],
    arrays_path: Path | str,
    manifest_path: Path | str,
    source_path: Path | str,
    store: Path | None = None,
    max_minutes: float | None = None,
    reads_token: str = "",
    made_of: str = "",
) -> None:
    """Find the data set that `settings` name, and write four files: its arrays, a manifest that describes them, their
    source, and beside the manifest which files of the user's were read.

    settings: the study's `data`, and `largest`, what its recipes need (see Plan.largest). max_minutes: see time_limit, for a
    function of the user's own. store: the folder for downloads, by default `files` beside the arrays. reads_token: what
    stands for the user's files (see files_read.token_of).

    The manifest only describes the arrays, so that the same data from another place train nothing anew. Raises FetchError,
    DataError or OwnCodeError.
    """
    name = settings["name"]
    arrays_file, manifest_file, source_file = (
        Path(path).absolute() for path in (arrays_path, manifest_path, source_path)
    )
    source, brought, read = _source_and_arrays(settings, store or arrays_file.parent / "files", max_minutes)
    named = str(settings["file"]) if name == "npz" else name
    arrays, names = _checked(brought, named, settings["largest"])
    _check_suffices(arrays["x_train"], settings)
    arrays_file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(arrays_file, **arrays)  # type: ignore[arg-type]
    manifest = {
        "name": name,
        "fingerprint": fingerprint_of(arrays),
        "classes": int(arrays["y_train"].max()) + 1,
        "labels": names,
        "pixels": looks_like_pixels(arrays["x_train"]),
        "shapes": {key: list(arrays[key].shape) for key in ARRAYS},
    }
    log.info("%s: %s, %d classes", named, _described(arrays), manifest["classes"])
    if translated := labels.translation(names):
        log.info("%s: %s", named, translated)
        source = f"{source} ({translated})"
    shared = shared_examples(arrays["x_train"], arrays["x_test"]), len(arrays["x_test"])
    if overlap := overlap_words(*shared):
        log.info("%s: %s", named, overlap)
        source = f"{source}; {overlap}"
    read.write(manifest_file.with_name(Path(DATA_FILES_READ).name), reads_token, made_of)
    write_atomically(source_file, json.dumps({"source": source, "warning": overlap_warning(*shared)}))
    write_with_copy(manifest_file, json.dumps(manifest, indent=1))


def _source_and_arrays(
    settings: dict[str, Any], store: Path, max_minutes: float | None
) -> tuple[str, dict[str, Array], FilesRead]:
    """Where the data set comes from, in words for the report, its four arrays, and the user's files that they are read from."""
    name = settings["name"]
    if name == "digits":
        return "scikit-learn (its values of 0 to 16 are stored as 0 to 255)", _digits(), FilesRead()
    if name == "npz":
        file = Path(settings["file"]).expanduser()
        arrays = own_arrays.from_file(file, settings["arrays"])
        return str(settings["file"]), arrays, FilesRead({"data.file": file_digest(file)})
    if is_own(name):
        errors = call.attribute_errors_to(name, "loading the data")
        with time_limit(max_minutes, f"{name}()"), errors, noticed(name) as read:
            arrays = own_arrays.from_function(name, settings["arrays"])
        return f"{name}()", arrays, read
    place, files = fetch.find(PUBLISHED[name], settings["folder"], settings["download"], store)
    return place, published.read(name, files), FilesRead()


def _checked(arrays: dict[str, Array], source: str, needs: dict[str, Any]) -> tuple[dict[str, Array], labels.Names]:
    """The arrays as they are stored, and the classes' names. needs: see Plan.largest. Raises DataError."""
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
            raise DataError(
                f"{source}: expected a label per example, and an example or more, received x_{part} {x.shape} and"
                f" y_{part} {y.shape}."
            )
    x_train, x_test = inputs.stored(arrays["x_train"], arrays["x_test"], source)
    if needs["auto"]:
        inputs.check_alike(x_train, x_test, source, needs["auto"] == "mixed")
    y_train, y_test, names = labels.encoded(arrays["y_train"], arrays["y_test"], source)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}, names


def _described(arrays: dict[str, Array]) -> str:
    x, count = arrays["x_train"], len(arrays["x_test"])
    values = f"values from {x.min():g} to {x.max():g}"
    return f"{len(x)} training and {count} test examples of shape {x.shape[1:]}, {values}"


def _check_suffices(images: Array, settings: dict[str, Any]) -> None:
    """Raise DataError unless the training images left after validation are enough, and large enough, for every recipe."""
    left = limits.left_to_train(len(images), settings["validation"])
    problem = limits.validation_problem(len(images), settings["validation"]) or limits.size_problem(
        left, settings["largest"]
    )
    if problem:
        raise DataError(problem)
    side = min(images.shape[1:3]) if images.ndim in (3, 4) else 0
    if settings["largest"]["side"] and _channels_first(images.shape[1:]):
        raise DataError(
            f"{settings['name']}: a recipe convolves, shifts or flips, and needs images as (height, width, channels); received"
            f" examples of shape {images.shape[1:]}, whose channels stand first. Write x = np.moveaxis(x, 1, -1) for both"
            " parts; if they are meant so, use a model of your own."
        )
    if settings["largest"]["side"] > side:
        raise DataError(
            f"{settings['name']}: a recipe convolves, shifts or flips, and needs images of {settings['largest']['side']} pixels"
            f" or more each way; received examples of shape {images.shape[1:]}."
        )


def _channels_first(shape: tuple[int, ...]) -> bool:
    """Whether the shape of an image is (channels, height, width), as PyTorch has it."""
    return len(shape) == 3 and shape[0] in COLOURS and min(shape[1:]) > max(COLOURS)


def _digits() -> dict[str, Array]:
    """Scikit-learn's 1 797 images of 8x8 pixels; the test set is always the last fifth."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images * (255 / 16)).round().astype(np.uint8)
    labels = digits.target.astype(np.int32)
    cut = len(images) * 4 // 5
    return {"x_train": images[:cut], "y_train": labels[:cut], "x_test": images[cut:], "y_test": labels[cut:]}
