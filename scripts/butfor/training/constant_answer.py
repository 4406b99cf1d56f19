"""The best constant answer to the targets of a regression, by the loss that a recipe trains by: what a model has to beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from butfor.data.dataset import Array
from butfor.recipe.loss_functions import losses_of_numbers
from butfor.recipe.target_scalings import target_scale

SQUARED = ("auto", "mean_squared_error")
IN_WORDS = {
    "mean_absolute_error": "absolute error",
    "huber": "Huber loss",
    "log_cosh": "log-cosh loss",
    "pinball": "pinball loss",
}


@dataclass(frozen=True)
class ConstantAnswer:
    """The numbers `(numbers,)` with the least mean loss over some targets.

    settings: a recipe's `loss`. spread: `(numbers,)`, by which errors are divided before the loss sees them; 1 for the squared
    error of one number, which is told in the targets' own unit.
    """

    numbers: Array
    settings: dict[str, Any]
    spread: Array

    @property
    def plain(self) -> bool:
        """Whether the loss is the one that a regression is measured by, in the targets' own units."""
        return self.settings["name"] in SQUARED and bool(np.all(self.spread == 1))

    def losses(self, predictions: Array, targets: Array) -> Array:
        """The loss of each example, both `(n, numbers)`, or one prediction for all; float64, `(n,)`."""
        losses = losses_of_numbers(self.settings, (predictions - targets) / self.spread)
        return np.asarray(losses.mean(axis=1, dtype=np.float64))

    def in_words(self, loss: float, of_constant: float) -> str:
        """A model's mean loss on the test set beside that of this answer."""
        if self.settings["name"] in SQUARED:
            name = "mean squared error" if self.plain else "mean squared error of the scaled targets"
            return f"{name} {loss:.4g} on the test set, {of_constant:.4g} by always naming the training targets' mean"
        return (
            f"the {IN_WORDS[self.settings['name']]} that it was trained by is {loss:.4g} on the test set, {of_constant:.4g}"
            " for the best constant answer"
        )


def constant_answer(recipe: dict[str, Any], targets: Array) -> ConstantAnswer | None:
    """That to targets `(n, numbers)`; None where nothing but the engine knows the loss, as one of the user's or of Keras's."""
    settings, name = recipe["loss"], recipe["loss"]["name"]
    if name not in (*SQUARED, *IN_WORDS):
        return None
    # In their own units, of several numbers only the one with the largest would count.
    scale = None if name in SQUARED and targets.shape[1] == 1 else target_scale(recipe, targets)
    spread = np.ones(targets.shape[1]) if scale is None else scale[1].astype(np.float64)
    if name in SQUARED:
        return ConstantAnswer(targets.mean(axis=0, dtype=np.float64), settings, spread)
    exact: dict[str, Callable[[Array], Any]] = {
        "mean_absolute_error": lambda y: np.median(y, axis=0),
        "pinball": lambda y: np.quantile(y, settings["share"], axis=0),
    }
    scaled = targets.astype(np.float64) / spread
    numbers = exact[name](scaled) if name in exact else [_least(settings, column) for column in scaled.T]
    return ConstantAnswer(np.asarray(numbers) * spread, settings, spread)


def _least(settings: dict[str, Any], targets: Array) -> float:
    """The number with the least mean loss, which is convex in it."""
    from scipy.optimize import minimize_scalar  # here, since few trainings need it

    least = minimize_scalar(
        lambda number: losses_of_numbers(settings, number - targets).mean(),
        bounds=(targets.min(), targets.max()),
        method="bounded",
    )
    return float(least.x)
