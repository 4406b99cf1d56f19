"""The losses of a recipe on JAX, and what a model's scores are measured by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from butfor.data.dataset import Array, Dataset
from butfor.recipe.given_numbers import Numbers
from butfor.recipe.target_scalings import target_scale
from butfor.recipe.tasks import BINARY, MULTILABEL, REGRESSION, TASKS, Task

Tensor: TypeAlias = Any


@dataclass(frozen=True)
class Objective:
    """What is made of a model's outputs `(batch, outputs)` and of targets.

    loss: its name in a recipe, with its settings. smoothing: whether labels are smoothed. centre, spread: of the numbers to be
    predicted, as the loss sees them.
    """

    task: Task
    loss: dict[str, Any]
    smoothing: bool
    numbers: Numbers
    centre: Array | float = 0.0
    spread: Array | float = 1.0

    def scores(self, outputs: Tensor) -> Tensor:
        """Logits, or numbers in the targets' own unit."""
        return outputs * self.spread + self.centre if self._scales else outputs

    def trained(self, targets: Tensor, outputs: Tensor) -> Tensor:
        """The loss of each example, penalties aside, `(batch,)`."""
        name = self.loss["name"]
        if self.task is REGRESSION:
            errors = ((targets - self.centre) / self.spread if self._scales else targets) - outputs
            return jnp.mean(_of_errors(errors, "mean_squared_error" if name == "auto" else name, self.loss), axis=-1)
        columns = self._columns(targets, outputs)
        if name == "focal":
            return _focal(columns, outputs, self._independent, self.loss["gamma"])
        return self._cross_entropies(columns, outputs)

    def plain(self, targets: Tensor, scores: Tensor) -> Tensor:
        """The task's plain loss of each example, `(batch,)`."""
        if self.task is REGRESSION:
            return jnp.mean(jnp.square(targets - scores), axis=-1)
        return self._cross_entropies(self._classes(targets, scores), scores)

    def figures(self, targets: Tensor, scores: Tensor) -> Tensor:
        """What is measured beside the loss, of each example, `(batch,)`: whether the class that is named is right, or the size of
        the error."""
        if self.task is REGRESSION:
            return jnp.mean(jnp.abs(targets - scores), axis=-1)
        if self._independent:
            return jnp.mean(((scores > 0) == (self._classes(targets, scores) > 0.5)).astype(jnp.float32), axis=-1)
        return (jnp.argmax(scores, axis=-1) == targets).astype(jnp.float32)

    def against_uniform(self, logits: Tensor) -> Tensor:
        """The mean cross-entropy of classes against a uniform label."""
        if self._independent:
            return -jnp.mean((jax.nn.log_sigmoid(logits) + jax.nn.log_sigmoid(-logits)) / 2)
        return -jnp.mean(jax.nn.log_softmax(logits))

    @property
    def _scales(self) -> bool:
        return not isinstance(self.spread, float)

    @property
    def _independent(self) -> bool:
        return self.task in (BINARY, MULTILABEL)

    def _classes(self, targets: Tensor, outputs: Tensor) -> Tensor:
        if self._independent:
            return targets.astype(jnp.float32).reshape(outputs.shape)
        return jax.nn.one_hot(targets, outputs.shape[-1])

    def _columns(self, targets: Tensor, outputs: Tensor) -> Tensor:
        columns = self._classes(targets, outputs)
        if not self.smoothing:
            return columns
        smoothing = self.numbers["label_smoothing"]
        return columns * (1.0 - smoothing) + smoothing / (2 if self._independent else outputs.shape[-1])

    def _cross_entropies(self, columns: Tensor, logits: Tensor) -> Tensor:
        if self._independent:
            return jnp.mean(_of_sigmoid(columns, logits), axis=-1)
        return -jnp.sum(columns * jax.nn.log_softmax(logits), axis=-1)


def objective_of(recipe: dict[str, Any], dataset: Dataset, numbers: Numbers, smoothing: bool) -> Objective:
    """That of a recipe on a data set."""
    task = TASKS[dataset.task]
    scale = target_scale(recipe, dataset.fitted_targets) if task is REGRESSION else None
    return Objective(task, recipe["loss"], smoothing, numbers, *(scale or ()))


def _of_sigmoid(columns: Tensor, logits: Tensor) -> Tensor:
    return jnp.maximum(logits, 0) - logits * columns + jnp.log1p(jnp.exp(-jnp.abs(logits)))


def _focal(columns: Tensor, logits: Tensor, independent: bool, gamma: float) -> Tensor:
    """Lin et al. 2017, equation 4, without weights of classes."""
    if independent:
        right = columns * jax.nn.sigmoid(logits) + (1 - columns) * jax.nn.sigmoid(-logits)
        return jnp.mean((1 - right) ** gamma * _of_sigmoid(columns, logits), axis=-1)
    logarithms = jax.nn.log_softmax(logits)
    return -jnp.sum(columns * (1 - jnp.exp(logarithms)) ** gamma * logarithms, axis=-1)


def _of_errors(errors: Tensor, name: str, settings: dict[str, Any]) -> Tensor:
    """Of each number; errors: targets less outputs."""
    if name == "mean_absolute_error":
        return jnp.abs(errors)
    if name == "huber":
        size, delta = jnp.abs(errors), settings["delta"]
        return jnp.where(size <= delta, 0.5 * errors**2, delta * size - 0.5 * delta**2)
    if name == "log_cosh":
        return -errors + jax.nn.softplus(2.0 * errors) - jnp.log(2.0)
    if name == "pinball":
        return jnp.maximum(settings["share"] * errors, (settings["share"] - 1) * errors)
    return jnp.square(errors)
