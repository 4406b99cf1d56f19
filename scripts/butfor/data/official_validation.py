"""An official validation part: that of the user's data, on which every seed validates, in place of a share of the training part.

It is stored as the last of the training examples, so that whatever takes rows of them takes these too.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import ARRAYS, Array, DataError
from butfor.data.example_groups import array_names
from butfor.data.inputs import check_names
from butfor.data.limits import OFFICIAL, Validation
from butfor.data.scratch_arrays import array_on_disk
from butfor.data.several_inputs import each, mapped, named

VALIDATION = ("x_val", "y_val")


def wanted(settings: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the arrays that a data set is to have, and of those that it may have. settings: the study's `data`."""
    official, folds = settings["validation"] == OFFICIAL, settings.get("folds")
    parts = ("train", "val") if official else ("train",)
    groups, tested = (array_names(settings.get("groups"), some) for some in (parts, ("test",)))
    further = (*(VALIDATION if official else ()), *groups)
    if not folds:
        return (*ARRAYS, *further, *tested), ()
    together = (folds["groups"],) if folds["groups"] and folds["groups"] != settings.get("groups") else ()
    return (*ARRAYS[:2], *further, *together), (*ARRAYS[2:], *tested)


def joined(arrays: dict[str, Any], validation: Validation, source: str, scratch: Path) -> tuple[dict[str, Any], int]:
    """The four arrays, with the official validation part at the end of the training part, and how many examples it has.
    scratch: a folder for inputs that are mapped from disk. Raises DataError."""
    four = {key: arrays[key] for key in ARRAYS}
    given = VALIDATION[0] in arrays
    if not given and validation != OFFICIAL:
        return four, 0
    if not given:
        raise DataError(
            f"{source}: expected a validation part, since data.validation is {OFFICIAL}, received none: it is the arrays x_val"
            " and y_val, a validation_file, rows that `part` calls validation, or a folder validation."
        )
    inputs, targets = (arrays[key] for key in VALIDATION)
    check_names(arrays, VALIDATION[0], source)
    if validation != OFFICIAL:
        raise DataError(
            f"{source}: expected nothing that would be left out, received a validation part of {len(targets)} examples beside"
            f" data.validation: {validation:g}. Write validation: {OFFICIAL} to validate on it, or take it out."
        )
    train, labels = four["x_train"], four["y_train"]
    for name, x, like in each(inputs, train):
        if len(x) != len(targets) or not len(x) or x.shape[1:] != like.shape[1:]:
            raise DataError(
                f"{source}: expected validation examples like those of the training part, {named('x_train', name)} {like.shape},"
                f" received {named('x_val', name)} {x.shape} and y_val {targets.shape}."
            )
    if (targets.dtype.kind in "OSU") != (labels.dtype.kind in "OSU") or targets.shape[1:] != labels.shape[1:]:
        raise DataError(
            f"{source}: expected targets of one kind, received {labels.dtype} {labels.shape} in y_train, {targets.dtype}"
            f" {targets.shape} in y_val."
        )
    both = {
        "x_train": mapped(partial(_one_after_other, scratch=scratch), train, inputs),
        "y_train": np.concatenate([labels, targets]),
    }
    return {**four, **both}, len(targets)


def _one_after_other(first: Array, second: Array, scratch: Path) -> Array:
    """Two arrays as one, on disk if the first is mapped from it."""
    if not isinstance(first, np.memmap):
        return np.concatenate([first, second])
    both = array_on_disk((len(first) + len(second), *first.shape[1:]), np.result_type(first, second), scratch)
    both[: len(first)], both[len(first) :] = first, second
    return both
