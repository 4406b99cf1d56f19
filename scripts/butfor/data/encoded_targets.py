"""The targets of a data set as they are stored, for the task that they are for: told by the study, or by the targets where they
leave no doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.data import labels
from butfor.data.dataset import DataError
from butfor.data.several_inputs import each
from butfor.recipe.tasks import BINARY, CLASSIFICATION, MULTILABEL, OWN, REGRESSION, SEGMENTATION, SEQUENCE, TASKS

Array = npt.NDArray[Any]
Shapes = tuple[int, ...] | dict[str, tuple[int, ...]]
SAY = "Write task: {task} in the study file"


@dataclass(frozen=True)
class Targets:
    """The targets of both parts: classes as int32 from 0, all else as float32.

    outputs: the shape of what a model gives for one example. names: the classes' names, None where they are numbers.
    guessed: whether the task was told by the targets.
    """

    task: str
    train: Array
    test: Array
    outputs: tuple[int, ...]
    names: labels.Names
    guessed: bool


def stored(train: Array, test: Array, task: str, inputs: Shapes, source: str) -> Targets:
    """The targets as they are stored. task: its name, or auto. inputs: the shape of one example, or of several inputs by name.
    Raises DataError, which begins with `source`."""
    train, test = (_of_one_type(y) for y in (train, test))
    chosen = _guessed(train, inputs, source) if task == "auto" else task
    encoded, given = _ENCODED[chosen](train, test, source)
    return Targets(chosen, *encoded, *given, guessed=task == "auto")


def _of_one_type(targets: Array) -> Array:
    """Python objects that are numbers all, as numbers."""
    if targets.dtype.kind == "O":
        try:
            return targets.astype(np.float64)
        except (TypeError, ValueError):
            return targets
    return targets


def _guessed(y: Array, inputs: Shapes, source: str) -> str:
    """The task, by the targets of the training part. Raises DataError where more than one is likely."""
    if y.ndim > 1 and y.size == len(y):
        y = y.reshape(-1)
    if y.dtype.kind not in "buif" or y.ndim == 1:
        return REGRESSION.name if y.dtype.kind == "f" and y.ndim == 1 and _fractions(y) else CLASSIFICATION.name
    if _fractions(y):
        if y.ndim == 2 and np.allclose(y.sum(axis=1), 1, atol=1e-3):
            return CLASSIFICATION.name  # shares of classes, which are refused there, with what to write
        return REGRESSION.name
    places = y.shape[1:] if y.shape[-1] != 1 else y.shape[1:-1]
    hot = np.isin(y, (0, 1)).all()
    if y.ndim == 2:
        if hot and (y.sum(axis=1) == 1).all():
            return CLASSIFICATION.name
        if any(places[0] == shape[0] and len(shape) <= 2 for _, shape in each(inputs)):
            if hot:
                raise _unsaid(source, y, f"{MULTILABEL.name} or {SEQUENCE.name}")
            return SEQUENCE.name
        if hot:
            return MULTILABEL.name
        raise _unsaid(source, y, f"{REGRESSION.name} (numbers) or {SEQUENCE.name} (a class per step)")
    if len(places) >= 2 and any(places[:2] == shape[:2] for _, shape in each(inputs)):
        return SEGMENTATION.name
    raise _unsaid(source, y, ", ".join(TASKS))


def _fractions(y: Array) -> bool:
    """Whether some of the numbers are no whole ones."""
    return bool(y.dtype.kind == "f" and (np.isfinite(y) & (y != np.floor(y))).any())


def _unsaid(source: str, y: Array, likely: str) -> DataError:
    return DataError(
        f"{source}: expected targets that tell their task, received y_train {y.dtype} of shape {y.shape}, which may be"
        f" {likely}. Write task: … in the study file."
    )


_Encoded = tuple[tuple[Array, Array], tuple[tuple[int, ...], labels.Names]]


def _classes(train: Array, test: Array, source: str) -> _Encoded:
    y_train, y_test, names = labels.encoded(train, test, source)
    return (y_train, y_test), ((int(y_train.max()) + 1,), names)


def _two_classes(train: Array, test: Array, source: str) -> _Encoded:
    (y_train, y_test), ((count,), names) = _classes(train, test, source)
    if count != 2:
        raise DataError(
            f"{source}: expected two classes in y_train for task: binary, received {count}. {SAY.format(task='classification')}."
        )
    return (y_train, y_test), ((1,), names)


def _several_classes(train: Array, test: Array, source: str) -> _Encoded:
    parts = {"y_train": train, "y_test": test}
    for part, y in parts.items():
        if y.ndim != 2 or y.dtype.kind not in "buif" or not np.isin(y, (0, 1)).all():
            raise DataError(
                f"{source}: expected {part} as a column of 0 and 1 per class for task: multilabel, received {y.dtype} of shape"
                f" {y.shape}. Scikit-learn's MultiLabelBinarizer makes it from lists of labels."
            )
    _check_shapes(train, test, source)
    if never := np.flatnonzero(train.sum(axis=0) == 0).tolist():
        raise DataError(
            f"{source}: expected each class in y_train, received none of the columns {never}. Leave them out."
        )
    return _float32(train, test), (train.shape[1:], None)


def _numbers(train: Array, test: Array, source: str) -> _Encoded:
    train, test = (y.reshape(-1, 1) if y.ndim == 1 else y for y in (train, test))
    for part, y in (("y_train", train), ("y_test", test)):
        if y.dtype.kind not in "buif":
            raise DataError(f"{source}: expected numbers in {part} for task: regression, received {y.dtype}.")
        if missing := int((~np.isfinite(y)).sum()):
            raise DataError(
                f"{source}: expected a number for each example, received NaN or infinity {missing} times in {part}. Leave these"
                " examples out."
            )
    _check_shapes(train, test, source)
    if np.ptp(train) == 0:
        raise DataError(f"{source}: expected targets that differ, received {train.flat[0]:g} for each of y_train.")
    return _float32(train, test), (train.shape[1:], None)


def _class_per_place(train: Array, test: Array, source: str) -> _Encoded:
    """Of targets `(n, *places)`, `(n, *places, 1)` or one column per class `(n, *places, classes)`."""
    parts = {"y_train": train, "y_test": test}
    for part, y in parts.items():
        whole = y.dtype.kind in "bui" or (y.dtype.kind == "f" and bool((y == np.floor(y)).all()))
        if y.ndim < 2 or not whole or y.min() < 0:
            raise DataError(
                f"{source}: expected {part} as whole numbers from 0, one per place of an example, received {y.dtype} of shape"
                f" {y.shape}{'' if y.ndim < 2 or not whole else f' with {y.min()}'}. Number the classes from 0."
            )
        if y.shape[-1] == 1:
            parts[part] = y[..., 0]
        elif y.ndim > 2 and np.isin(y, (0, 1)).all() and (y.sum(axis=-1) == 1).all():
            parts[part] = y.argmax(axis=-1)
    y_train, y_test = (y.astype(np.int32) for y in parts.values())
    _check_shapes(y_train, y_test, source)
    classes = np.unique(y_train)
    if len(classes) < 2:
        raise DataError(
            f"{source}: expected at least 2 classes in y_train, received {classes.tolist()}, and nothing else."
        )
    if unknown := np.setdiff1d(y_test, classes).tolist():
        raise DataError(
            f"{source}: expected every class of y_test to occur in y_train, received {unknown} in y_test only. Leave these"
            " examples out, or give some of them to the training part."
        )
    return (y_train, y_test), ((*y_train.shape[1:], int(classes[-1]) + 1), None)


def _as_they_are(train: Array, test: Array, source: str) -> _Encoded:
    for part, y in (("y_train", train), ("y_test", test)):
        if y.dtype.kind not in "buif" or not np.isfinite(y).all():
            raise DataError(f"{source}: expected finite numbers in {part}, received {y.dtype} of shape {y.shape}.")
    _check_shapes(train, test, source)
    whole = train.dtype.kind in "bui" and test.dtype.kind in "bui"
    kind = np.int32 if whole else np.float32
    return (train.astype(kind), test.astype(kind)), (train.shape[1:] or (1,), None)


def _float32(train: Array, test: Array) -> tuple[Array, Array]:
    return train.astype(np.float32), test.astype(np.float32)


def _check_shapes(train: Array, test: Array, source: str) -> None:
    if train.shape[1:] != test.shape[1:]:
        raise DataError(
            f"{source}: expected targets of one shape, received {train.shape[1:]} in y_train and {test.shape[1:]} in y_test."
        )


_ENCODED = {
    CLASSIFICATION.name: _classes,
    BINARY.name: _two_classes,
    MULTILABEL.name: _several_classes,
    REGRESSION.name: _numbers,
    SEGMENTATION.name: _class_per_place,
    SEQUENCE.name: _class_per_place,
    OWN.name: _as_they_are,
}
