"""The preparation of a data set: read from its published files or from the user's own file or function, checked and stored."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data import encoded_targets, inputs, labels, limits
from butfor.data.dataset import ARRAYS, Array, DataError, fingerprint_of
from butfor.data.official_validation import joined
from butfor.data.overlap import overlap_warning, overlap_words, shared_examples
from butfor.data.same_task import Beside, check_same_task
from butfor.data.sources import readers
from butfor.data.suitability import check_suits
from butfor.records.files import write_atomically, write_with_copy
from butfor.records.results_folder import DATA_FILES_READ

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
    beside: Beside | None = None,
) -> None:
    """Find the data set that `settings` name, and write four files: its arrays, a manifest that describes them, their
    source, and beside the manifest which files of the user's were read.

    settings: the study's `data`, and `largest`, what its recipes need (see Plan.largest). max_minutes: see time_limit, for a
    function of the user's own. store: the folder for downloads, by default `files` beside the arrays. reads_token: what
    stands for the user's files (see files_read.token_of). beside: see same_task.

    The manifest only describes the arrays, so that the same data from another place train nothing anew. Raises FetchError,
    DataError or OwnCodeError.
    """
    name = settings["name"]
    arrays_file, manifest_file, source_file = (
        Path(path).absolute() for path in (arrays_path, manifest_path, source_path)
    )
    brought = readers.brought(settings, store or arrays_file.parent / "files", max_minutes)
    source, named = brought.source, _named(settings)
    arrays_file.parent.mkdir(parents=True, exist_ok=True)
    scratch = arrays_file.parent
    whole, official = joined(brought.arrays, settings["validation"], named, scratch)
    arrays, told = _checked(whole, brought.pixels, named, settings, scratch)
    _check_suffices(arrays["x_train"], settings, official)
    check_suits(told, settings["largest"], named)
    np.savez(arrays_file, **arrays)  # type: ignore[arg-type]
    manifest = {
        "name": name,
        "fingerprint": fingerprint_of(arrays, told.task, official),
        "task": told.task,
        "outputs": list(told.outputs),
        "classes": told.outputs[-1],
        "labels": told.names,
        "pixels": inputs.are_pixels(arrays["x_train"]) if brought.pixels is None else brought.pixels,
        "shapes": {key: list(arrays[key].shape) for key in ARRAYS},
    }
    named_inputs = {"columns": brought.columns, "vocabulary": brought.vocabulary}
    manifest |= {key: value for key, value in named_inputs.items() if value is not None}
    if official:
        manifest["official"] = official
        source = f"{source}; the last {official} of the training part are the official validation part"
    log.info("%s: %s; task %s%s", named, _described(arrays), told.task, ", by its targets" if told.guessed else "")
    if translated := labels.translation(told.names):
        log.info("%s: %s", named, translated)
        source = f"{source} ({translated})"
    shared = shared_examples(arrays["x_train"], arrays["x_test"]), len(arrays["x_test"])
    if overlap := overlap_words(*shared):
        log.info("%s: %s", named, overlap)
        source = f"{source}; {overlap}"
    brought.read.write(manifest_file.with_name(Path(DATA_FILES_READ).name), reads_token, made_of)
    write_atomically(source_file, json.dumps({"source": source, "warning": overlap_warning(*shared)}))
    write_with_copy(manifest_file, json.dumps(manifest, indent=1))
    check_same_task(told.task, named, beside or {})  # last, so that of two at once one finds the other


def _named(settings: dict[str, Any]) -> str:
    """What messages call the data set: the file or folder of the user's, or its name."""
    own = settings["name"] in readers.READERS and settings["name"] != "digits"
    return str(settings["file"] or settings["folder"]) if own else str(settings["name"])


def _checked(
    arrays: dict[str, Array], pixels: bool | None, source: str, settings: dict[str, Any], scratch: Path
) -> tuple[dict[str, Array], encoded_targets.Targets]:
    """The arrays as they are stored, and what is known of the targets. pixels: see Brought. scratch: see inputs.stored. Raises
    DataError."""
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
            raise DataError(
                f"{source}: expected a target per example, and an example or more, received x_{part} {x.shape} and"
                f" y_{part} {y.shape}."
            )
    x_train, x_test = inputs.stored(arrays["x_train"], arrays["x_test"], source, scratch)
    if (auto := settings["largest"]["auto"]) and pixels is None:
        inputs.check_alike(x_train, x_test, source, auto == "mixed")
    told = encoded_targets.stored(
        arrays["y_train"], arrays["y_test"], settings.get("task", "auto"), x_train.shape[1:], source
    )
    return {"x_train": x_train, "y_train": told.train, "x_test": x_test, "y_test": told.test}, told


def _described(arrays: dict[str, Array]) -> str:
    x, count = arrays["x_train"], len(arrays["x_test"])
    values = f"values from {x.min():g} to {x.max():g}"
    return f"{len(x)} training and {count} test examples of shape {x.shape[1:]}, {values}"


def _check_suffices(images: Array, settings: dict[str, Any], official: int = 0) -> None:
    """Raise DataError unless the training images left after validation are enough, and large enough, for every recipe."""
    share = settings["validation"]
    left = len(images) - official if official else limits.left_to_train(len(images), share)
    problem = "" if official else limits.validation_problem(len(images), share)
    problem = problem or limits.size_problem(left, settings["largest"])
    if problem:
        raise DataError(problem)
    side = min(images.shape[1:3]) if images.ndim in (3, 4) else 0
    if settings["largest"]["side"] and _channels_first(images.shape[1:]):
        raise DataError(
            f"{settings['name']}: a recipe convolves or changes images, and needs them as (height, width, channels); received"
            f" examples of shape {images.shape[1:]}, whose channels stand first. Write x = np.moveaxis(x, 1, -1) for both"
            " parts; if they are meant so, use a model of your own."
        )
    if settings["largest"]["side"] > side:
        raise DataError(
            f"{settings['name']}: a recipe convolves or changes images, and needs images of"
            f" {settings['largest']['side']} pixels or more each way; received examples of shape {images.shape[1:]}."
        )


def _channels_first(shape: tuple[int, ...]) -> bool:
    """Whether the shape of an image is (channels, height, width), as PyTorch has it."""
    return len(shape) == 3 and shape[0] in COLOURS and min(shape[1:]) > max(COLOURS)
