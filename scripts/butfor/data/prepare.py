"""The preparation of a data set: read from its published files or from the user's own file or function, checked and stored."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data import encoded_targets, example_groups, inputs, labels, limits
from butfor.data.dataset import Array, DataError, fingerprint_of
from butfor.data.fold_checks import folds_of, seeds_of, smallest_part
from butfor.data.folds import GROUPS, Folds
from butfor.data.given_weights import stored_weights
from butfor.data.official_validation import joined
from butfor.data.overlap import overlap_warning, overlap_words, shared_examples
from butfor.data.same_task import Beside, check_same_task
from butfor.data.several_inputs import Inputs, each, flat, mapped, shapes, taken
from butfor.data.several_inputs import named as given_name
from butfor.data.sources import readers
from butfor.data.sources.brought import Brought
from butfor.data.suitability import check_inputs, check_positive, check_suits
from butfor.data.whole_groups import TOGETHER, group_numbers, has_room
from butfor.records.files import write_atomically, write_with_copy
from butfor.records.results_folder import DATA_FILES_READ

ONE_BY_ONE = "are drawn example by example, since whole groups would not fill half of their share"
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
    scratch = arrays_file.parent
    scratch.mkdir(parents=True, exist_ok=True)
    brought = readers.brought(settings, store or scratch / "files", scratch, max_minutes)
    source, named = brought.source, _named(settings)
    asked = settings.get("folds")  # without a test part, all is looked at as one
    lacking = [key for key in ("x_test", "y_test") if key not in brought.arrays]
    if len(lacking) == 1:
        raise DataError(f"{named}: expected x_test and y_test, or neither, received none for {lacking[0]}.")
    is_whole = bool(asked and lacking)
    all_of_it = {f"{axis}_test": brought.arrays[f"{axis}_train"] for axis in "xy"} if is_whole else {}
    whole, official = joined({**brought.arrays, **all_of_it}, settings["validation"], named, scratch)
    numbers = [] if brought.columns else inputs.of_numbers(whole["x_train"])
    arrays, targets = _checked(whole, brought, named, settings, scratch)
    arrays |= stored_weights(brought.arrays, settings["largest"], official, named)
    folds, fewest = None, len(targets.train)
    if asked:
        folds, divided = folds_of(asked, brought, targets.task, named), fewest - official
        first = taken(arrays["x_train"], slice(divided)), arrays["y_train"][:divided]
        fewest = official + smallest_part(folds, asked, *first, targets.task, named)
    _check_suffices(fewest, arrays["x_train"], settings, official)
    if is_whole:
        arrays |= {key: taken(arrays[key], slice(0)) for key in ("x_test", "y_test")}
    check_inputs(arrays["x_train"], settings["largest"], named)
    check_suits(targets, settings["largest"], named)
    check_positive(targets, float(targets.train.min()), settings["largest"], named)
    given = brought.groups or example_groups.of_arrays(brought.arrays, settings.get("groups"))
    groups = example_groups.stored(given, {part: len(arrays[f"y_{part}"]) for part in ("train", "test")}, named)
    grouped = {} if folds is None or folds.groups is None else {GROUPS: folds.groups}
    if folds is not None and folds.words:
        grouped |= folds.words.arrays
    together, drawn = (
        (None, "") if official else _together(folds, asked, brought.together, settings["validation"], arrays)
    )
    source += drawn
    grouped |= {} if together is None else {TOGETHER: together}
    np.savez(arrays_file, **flat(arrays), **groups, **grouped)  # type: ignore[arg-type]
    manifest = {
        "name": name,
        "fingerprint": fingerprint_of(
            arrays, targets.task, official, folds, brought.vocabulary or (), brought.categorical, together, numbers
        ),
        "task": targets.task,
        "outputs": list(targets.outputs),
        "classes": targets.outputs[-1],
        "labels": targets.names,
        "pixels": mapped(inputs.are_pixels, arrays["x_train"]) if brought.pixels is None else brought.pixels,
        "shapes": {key: list(array.shape) for key, array in flat(arrays).items()},
    }
    named_inputs = {"columns": brought.columns, "vocabulary": brought.vocabulary}
    manifest |= {key: value for key, value in named_inputs.items() if value is not None}
    if brought.categorical:
        manifest["categorical"] = [list(column) for column in brought.categorical]
    if numbers:
        manifest["numbers"] = numbers
    if groups:
        manifest["groups"] = example_groups.mark(groups)
    if together is not None:
        manifest[TOGETHER] = int(together.max()) + 1
    if asked and folds:
        manifest["folds"] = folds.about
        source = f"{source}; {_divided(folds, asked, len(arrays['y_train']) - official, len(arrays['y_test']))}"
    if official:
        manifest["official"] = official
        source = f"{source}; the last {official} of the training part are the official validation part"
    log.info(
        "%s: %s; task %s%s", named, _described(arrays), targets.task, ", by its targets" if targets.guessed else ""
    )
    if translated := labels.translation(targets.names):
        log.info("%s: %s", named, translated)
        source = f"{source} ({translated})"
    shared = (0, 1) if folds else (shared_examples(arrays["x_train"], arrays["x_test"]), len(arrays["y_test"]))
    if overlap := overlap_words(*shared):
        log.info("%s: %s", named, overlap)
        source = f"{source}; {overlap}"
    brought.read.write(manifest_file.with_name(Path(DATA_FILES_READ).name), reads_token, made_of)
    write_atomically(source_file, json.dumps({"source": source, "warning": overlap_warning(*shared)}))
    write_with_copy(manifest_file, json.dumps(manifest, indent=1))
    check_same_task(targets.task, named, beside or {})  # last, so that of two at once one finds the other


def _together(
    folds: Folds | None, asked: dict[str, Any] | None, tested: Any, share: float, arrays: dict[str, Any]
) -> tuple[Array | None, str]:
    """The number of the group of each training example, where validation parts are of whole groups, and what the source says of
    it. Groups are those that folds or the test part keep whole; not those of `data.groups`, which may be wards, of which a study
    compares few and large ones."""
    members = tested if folds is None else folds.groups
    if members is None:
        return None, ""
    groups = group_numbers(members)
    trained = (
        [groups[folds.rows(arrays["y_train"], seed)[0]] for seed in seeds_of(asked)] if folds and asked else [groups]
    )
    if all(has_room(each, round(len(each) * share)) for each in trained):
        return groups, "; validation parts are of whole groups"
    return None, f"; validation parts {ONE_BY_ONE}"


def _named(settings: dict[str, Any]) -> str:
    """What messages call the data set: the file or folder of the user's, or its name."""
    own = settings["name"] in readers.READERS and settings["name"] != "digits"
    return str(settings["file"] or settings["folder"]) if own else str(settings["name"])


def _checked(
    arrays: dict[str, Any], brought: Brought, source: str, settings: dict[str, Any], scratch: Path
) -> tuple[dict[str, Any], encoded_targets.Targets]:
    """The arrays as they are stored, and what is known of the targets. scratch: see inputs.stored. Raises DataError."""
    inputs.check_names(arrays, "x_test", source)
    for part, y in (("train", arrays["y_train"]), ("test", arrays["y_test"])):
        for name, x in each(arrays[f"x_{part}"]):
            if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
                raise DataError(
                    f"{source}: expected a target per example, and an example or more, received"
                    f" {given_name(f'x_{part}', name)} {x.shape} and y_{part} {y.shape}.{_remedy(x, y, part)}"
                )
    x_train, x_test = inputs.stored(arrays["x_train"], arrays["x_test"], source, scratch, gaps=bool(brought.fill))
    if (auto := settings["largest"]["auto"]) and brought.pixels is None:
        inputs.check_alike(x_train, x_test, source, auto == "mixed")
    targets = encoded_targets.stored(
        arrays["y_train"], arrays["y_test"], settings.get("task", "auto"), shapes(x_train), source
    )
    return {"x_train": x_train, "y_train": targets.train, "x_test": x_test, "y_test": targets.test}, targets


def _remedy(x: Array, y: Array, part: str) -> str:
    """What to write where there are not as many targets as examples."""
    if not x.ndim or not y.ndim or not len(x) or not len(y):
        return ""
    if y.ndim == 2 and y.shape[0] == 1 and y.shape[1] == len(x):
        return f" Write y_{part} = y_{part}.reshape(-1)."
    if x.ndim > 1 and x.shape[-1] == len(y):
        return f" If examples stand last, write x_{part} = np.moveaxis(x_{part}, -1, 0)."
    return (
        f" x_{part}[i] belongs to y_{part}[i]: where rows were left out of one of the two, or taken from another part, do the"
        " same with the other."
    )


def _described(arrays: dict[str, Any]) -> str:
    inputs = [
        f"{name} {x.shape[1:]}, values from {np.nanmin(x):g} to {np.nanmax(x):g}".strip()
        for name, x in each(arrays["x_train"])
    ]
    count = len(arrays["y_test"])
    tested = f" and {count} test" if count else ""
    return f"{len(arrays['y_train'])} training{tested} examples of shape {'; '.join(inputs)}"


def _divided(folds: Folds, asked: dict[str, Any], examples: int, tested: int) -> str:
    """How examples are divided into folds, in words."""
    how = [*["stratified by class"] * folds.stratified, *[f"whole groups of {asked['groups']}"] * bool(asked["groups"])]
    left = f"; the test part of {tested} examples is left untouched" if tested else ""
    return f"{examples} examples divided into {folds.count} folds ({', '.join(how) or 'at random'}){left}"


def _check_suffices(count: int, inputs: Inputs, settings: dict[str, Any], official: int = 0) -> None:
    """Raise DataError unless the training examples left after validation are enough, and images large enough, for every
    recipe."""
    share = settings["validation"]
    left = count - official if official else limits.left_to_train(count, share)
    problem = "" if official else limits.validation_problem(count, share)
    problem = problem or limits.size_problem(left, settings["largest"])
    if problem:
        raise DataError(problem)
    if not isinstance(inputs, dict):
        _check_images(inputs, settings)


def _check_images(images: Array, settings: dict[str, Any]) -> None:
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
