"""An official validation part: that of the user's data, on which every seed validates, in place of a share of the training part.

It is stored as the last of the training examples, so that whatever takes rows of them takes these too.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from butfor.data.dataset import ARRAYS, Array, DataError
from butfor.data.limits import OFFICIAL, Validation

VALIDATION = ("x_val", "y_val")


def wanted(validation: Validation) -> tuple[str, ...]:
    """The names of the arrays that a data set is to have. validation: the study's `data.validation`."""
    return (*ARRAYS, *VALIDATION) if validation == OFFICIAL else ARRAYS


def joined(
    arrays: dict[str, Array], validation: Validation, source: str, scratch: Path
) -> tuple[dict[str, Array], int]:
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
    if validation != OFFICIAL:
        raise DataError(
            f"{source}: expected nothing that would be left out, received a validation part of {len(inputs)} examples beside"
            f" data.validation: {validation:g}. Write validation: {OFFICIAL} to validate on it, or take it out."
        )
    train, labels = four["x_train"], four["y_train"]
    if len(inputs) != len(targets) or not len(inputs) or inputs.shape[1:] != train.shape[1:]:
        raise DataError(
            f"{source}: expected validation examples like those of the training part, x_train {train.shape}, received x_val"
            f" {inputs.shape} and y_val {targets.shape}."
        )
    if (targets.dtype.kind in "OSU") != (labels.dtype.kind in "OSU") or targets.shape[1:] != labels.shape[1:]:
        raise DataError(
            f"{source}: expected targets of one kind, received {labels.dtype} {labels.shape} in y_train, {targets.dtype}"
            f" {targets.shape} in y_val."
        )
    both = {"x_train": _one_after_other(train, inputs, scratch), "y_train": np.concatenate([labels, targets])}
    return {**four, **both}, len(inputs)


def _one_after_other(first: Array, second: Array, scratch: Path) -> Array:
    """Two arrays as one, on disk if the first is mapped from it."""
    if not isinstance(first, np.memmap):
        return np.concatenate([first, second])
    with tempfile.TemporaryFile(dir=scratch) as file:
        shape = (len(first) + len(second), *first.shape[1:])
        both = np.memmap(file, np.result_type(first, second), "w+", shape=shape)
    both[: len(first)], both[len(first) :] = first, second
    return both
