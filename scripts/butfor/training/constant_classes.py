"""Whether a classifier loses less on its training examples than the best constant answer, by what its recipe trains for.

A recipe that weighs classes or examples, or smooths labels, trains for other probabilities than those of the data, by which the
plain loss of a good model may be larger than a constant's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from butfor.data.dataset import Array, Dataset, Rows
from butfor.recipe.class_weights import class_weights
from butfor.recipe.tasks import BINARY, MULTILABEL, TASKS

Recipe = dict[str, Any]
CROSS_ENTROPY = ("auto", "cross_entropy")


def trains_for_shares(recipe: Recipe) -> bool:
    """Whether the plain loss is what is trained by: of constant answers, the shares of the classes have the least."""
    alike = recipe["class_weight"]["name"] == recipe["sample_weight"] == "none" and not recipe["label_smoothing"]
    return has_constant(recipe) and alike


def has_constant(recipe: Recipe) -> bool:
    """Whether the best constant answer is known: that of a cross-entropy."""
    return recipe["loss"]["name"] in CROSS_ENTROPY


def beats_constant(recipe: Recipe, dataset: Dataset, rows: Rows, scores: Array) -> bool:
    """Whether scores `(n, *outputs)` on rows of the training part have a lower mean cross-entropy than the best constant answer,
    both with the recipe's weights and its smoothing. recipe: see has_constant."""
    targets, count = dataset.y_train[rows], scores.shape[-1]
    logits = scores.reshape(-1, count).astype(np.float64)
    exclusive = TASKS[dataset.task] not in (BINARY, MULTILABEL)
    columns = np.eye(count)[targets.reshape(-1)] if exclusive else targets.reshape(-1, count).astype(np.float64)
    smoothing = recipe["label_smoothing"]
    columns = columns * (1 - smoothing) + smoothing / (count if exclusive else 2)
    weights = _weights(recipe, dataset, rows, len(logits))
    constant = np.average(columns, axis=0, weights=weights)
    losses = _softmax_losses(columns, logits) if exclusive else _sigmoid_losses(columns, logits)
    with np.errstate(divide="ignore", invalid="ignore"):
        likely = np.where(constant > 0, constant * np.log(constant), 0.0)
        unlikely = np.where(constant < 1, (1 - constant) * np.log1p(-constant), 0.0)
    least = -likely.sum() if exclusive else -(likely + unlikely).mean()
    return bool(np.average(losses, weights=weights) < least)


def _weights(recipe: Recipe, dataset: Dataset, rows: Rows, count: int) -> Array | None:
    """What each of so many examples, or places of examples, counts; None where none counts."""
    weights = np.ones(count)
    by_class = class_weights(recipe["class_weight"], dataset.fitted_targets, dataset.class_count)
    if by_class is not None:
        weights *= by_class[dataset.y_train[rows].reshape(-1).astype(np.int32)]
    if recipe["sample_weight"] == "given" and dataset.w_train is not None:
        weights *= np.repeat(dataset.w_train[rows], count // len(rows))
    return weights if weights.any() else None


def _softmax_losses(columns: Array, logits: Array) -> Array:
    top = logits.max(axis=1, keepdims=True)
    sums = np.log(np.exp(logits - top).sum(axis=1, keepdims=True)) + top
    return np.asarray((columns * (sums - logits)).sum(axis=1))


def _sigmoid_losses(columns: Array, logits: Array) -> Array:
    return np.asarray((np.logaddexp(0.0, logits) - columns * logits).mean(axis=1))
