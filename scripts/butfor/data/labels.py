"""Labels as people have them, as the whole numbers from 0 that a classifier is trained on.

What is certain is translated: names, true and false, whole numbers from elsewhere than 0, whole numbers as floats, one column
per class, one column in all. The translation is part of the data set's manifest. What is not certain is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.data.dataset import DataError

Array = npt.NDArray[Any]
Names = list[str] | None  # what each class is called in the user's data; None where it is called by its number

# Training examples per class, on average, that other names than 0, 1, 2, … need to be taken for classes.
FEWEST_EACH = 5
SHOWN = 10  # classes that a message names
NUMBERS = "For numbers to be predicted, write task: regression in the study file"


def encoded(train: Array, test: Array, source: str) -> tuple[Array, Array, Names]:
    """The labels of both parts as int32 `(n,)` from 0, and the classes' names. Raises DataError, which begins with `source`."""
    train, test = (_one_each(labels, part, source) for part, labels in (("y_train", train), ("y_test", test)))
    if (train.dtype.kind == "U") != (test.dtype.kind == "U"):
        raise DataError(
            f"{source}: expected labels of one kind, received {train.dtype} in y_train, {test.dtype} in y_test."
        )
    classes = np.unique(train)
    _check_classes(classes, len(train), source)
    unknown = np.setdiff1d(test, classes)
    if len(unknown):
        raise DataError(
            f"{source}: expected every class of y_test to occur in y_train, received {_listed(unknown)} in y_test only."
            " Leave these examples out, or give some of them to the training part."
        )
    numbered = train.dtype.kind in "iu" and np.array_equal(classes, np.arange(len(classes)))
    names = None if numbered else [str(name) for name in classes]
    return *(np.searchsorted(classes, labels).astype(np.int32) for labels in (train, test)), names  # type: ignore[return-value]


def translation(names: Names) -> str:
    """The classes' names and numbers in words; empty if they are the same."""
    if names is None:
        return ""
    shown = [f"{name} = {number}" for number, name in enumerate(names)]
    return "labels " + ", ".join(shown if len(shown) <= SHOWN else [*shown[: SHOWN - 1], "…", shown[-1]])


def _check_classes(classes: Array, examples: int, source: str) -> None:
    if len(classes) < 2:
        raise DataError(
            f"{source}: expected at least 2 classes in y_train, received {_listed(classes) or 'none'}, and nothing else."
        )
    counted = classes.dtype.kind in "iu" and classes[0] == 0 and classes[-1] == len(classes) - 1
    if not counted and examples < FEWEST_EACH * len(classes):
        raise DataError(
            f"{source}: expected classes, received {len(classes)} different labels for {examples} examples in y_train"
            f" ({_listed(classes)}). {NUMBERS}. If these are classes, number them:"
            " y = np.unique(y, return_inverse=True)[1]."
        )


def _one_each(labels: Array, part: str, source: str) -> Array:
    """Labels `(n,)` as whole numbers or text."""
    if labels.ndim > 1 and labels.size == len(labels):
        labels = labels.reshape(-1)
    if labels.ndim == 2 and labels.dtype.kind in "buif":
        return _hot_columns(labels, part, source)
    if labels.ndim != 1:
        raise DataError(f"{source}: expected one label per example, received {part} of shape {labels.shape}.")
    labels = _as_typed(labels)
    if labels.dtype.kind == "f":
        return _whole(labels, part, source)
    if labels.dtype.kind == "U" and (labels == "").any():
        raise DataError(
            f"{source}: expected a label for each example, received none in {(labels == '').sum()} of {part}."
        )
    if labels.dtype.kind not in "iuU":
        raise DataError(
            f"{source}: expected labels as numbers or text, received {part} of {_kinds(labels)}. Write"
            f" {part} = {part}.astype(str), or number the classes from 0."
        )
    return labels


def _as_typed(labels: Array) -> Array:
    """Text as NumPy's, and Python objects as what they are, if they are all of one kind."""
    if labels.dtype.kind == "b":
        return np.where(labels, "true", "false") if labels.size else labels
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "backslashreplace")
    if labels.dtype.kind == "O":
        kinds = {type(label) for label in labels}
        if all(issubclass(kind, str) for kind in kinds):
            return labels.astype(str)
        if all(issubclass(kind, bool | np.bool_) for kind in kinds):
            return _as_typed(labels.astype(bool))
        if all(issubclass(kind, int | float | np.number) for kind in kinds):
            return labels.astype(np.float64)
    return labels


def _whole(labels: Array, part: str, source: str) -> Array:
    missing = int((~np.isfinite(labels)).sum())
    if missing:
        raise DataError(
            f"{source}: expected a label for each example, received NaN or infinity in {missing} of {part}. Leave these"
            " examples out."
        )
    if (labels != np.floor(labels)).any():
        few = _listed(np.unique(labels)[:3])
        raise DataError(f"{source}: expected classes, received real numbers in {part} ({few}, …). {NUMBERS}.")
    return labels.astype(np.int64)


def _hot_columns(labels: Array, part: str, source: str) -> Array:
    """The number of the column that holds the 1 in each row."""
    sums = labels.sum(axis=1)
    if np.isin(labels, (0, 1)).all() and (sums == 1).all():
        columns: Array = labels.argmax(axis=1)
        return columns
    if np.isin(labels, (0, 1)).all():
        why, task = f"several classes at once, or none, in {int((sums != 1).sum())} rows", "multilabel"
    else:
        why, task = "shares of classes" if np.allclose(sums, 1, atol=1e-3) else "several numbers each", "regression"
    raise DataError(
        f"{source}: expected one label per example, received {part} of shape {labels.shape} with {why}. Write task: {task} in the"
        f" study file, or take the largest column: {part} = {part}.argmax(axis=1)."
    )


def _kinds(labels: Array) -> str:
    if labels.dtype.kind != "O":
        return str(labels.dtype)
    return "Python objects (" + ", ".join(sorted({type(label).__name__ for label in labels})[:5]) + ")"


def _listed(values: Array) -> str:
    shown = [str(value) for value in values[:SHOWN]]
    return ", ".join(shown + ["…"] * (len(values) > SHOWN))
