"""The losses of a recipe worked out in NumPy from a model's scores, against which an engine's are held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.recipe.tasks import BINARY, MULTILABEL, REGRESSION, Task

Array = npt.NDArray[Any]
Loss = Callable[[dict[str, Any], Array], Array]


def _squared(_: dict[str, Any], errors: Array) -> Array:
    return np.asarray(np.square(errors))


def _huber(settings: dict[str, Any], errors: Array) -> Array:
    size, delta = np.abs(errors), settings["delta"]
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))


def _pinball(settings: dict[str, Any], errors: Array) -> Array:
    return np.asarray(np.maximum(-settings["share"] * errors, (1 - settings["share"]) * errors))


# By the name of a recipe's loss, of errors, predicted less true.
NUMBER_LOSSES: dict[str, Loss] = {
    "auto": _squared,
    "mean_squared_error": _squared,
    "mean_absolute_error": lambda _, errors: np.abs(errors),
    "huber": _huber,
    "log_cosh": lambda _, errors: np.logaddexp(errors, -errors) - np.log(2),
    "pinball": _pinball,
}


def expected_loss(
    recipe: dict[str, Any], task: Task, scores: Array, targets: Array, scale: tuple[Any, Any]
) -> float | None:
    """The mean loss of scores `(n, *outputs)` for these targets, without penalties and weights of classes; None where it is not
    known, as of a function of the user's.

    scale: centre and spread of numbers, as the loss sees them.
    """
    name, settings = recipe["loss"]["name"], recipe["loss"]
    scores, targets = scores.astype(np.float64), targets.astype(np.float64 if task is REGRESSION else targets.dtype)
    if task is REGRESSION:
        return _mean_of_numbers(settings, (scores - targets) / scale[1])
    if task.figure == "":
        return None
    independent = task in (BINARY, MULTILABEL)
    columns = targets.reshape(scores.shape).astype(np.float64) if independent else np.eye(scores.shape[-1])[targets]
    share = recipe["label_smoothing"]
    smoothed = columns * (1 - share) + share / (2 if independent else scores.shape[-1])
    logarithms = _log_sigmoid(scores) if independent else _log_softmax(scores)
    if name in ("auto", "cross_entropy", "focal"):
        easy = (1 - np.exp(logarithms)) ** (settings["gamma"] if name == "focal" else 0.0)
        if not independent:
            return float(-(smoothed * easy * logarithms).sum(axis=-1).mean())
        others = _log_sigmoid(-scores)
        right = smoothed * np.exp(logarithms) + (1 - smoothed) * np.exp(others)
        losses = -(smoothed * logarithms + (1 - smoothed) * others)
        return float(((1 - right) ** (settings["gamma"] if name == "focal" else 0.0) * losses).mean())
    if name == "dice":
        axes, given = tuple(range(columns.ndim - 1)), np.exp(logarithms)
        shared, sizes = (columns * given).sum(axis=axes), columns.sum(axis=axes) + given.sum(axis=axes)
        return float(1 - ((2 * shared + 1) / (sizes + 1)).mean())
    return _mean_of_numbers(settings, np.exp(logarithms) - smoothed)


def losses_of_numbers(settings: dict[str, Any], errors: Array) -> Array:
    """The loss of each error, predicted less true, by a recipe's `loss`, which is one of NUMBER_LOSSES."""
    return np.asarray(NUMBER_LOSSES[settings["name"]](settings, errors))


def _mean_of_numbers(settings: dict[str, Any], errors: Array) -> float | None:
    return float(losses_of_numbers(settings, errors).mean()) if settings["name"] in NUMBER_LOSSES else None


def _log_sigmoid(scores: Array) -> Array:
    return np.asarray(-np.logaddexp(0, -scores))


def _log_softmax(scores: Array) -> Array:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
