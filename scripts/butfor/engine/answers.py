"""How a model's outputs are read: as scores, by which it is measured, whatever it gives for the task (see recipe/tasks).

Scores are logits, or numbers in the targets' own unit. Of probabilities, they are the logarithms that give the same
probabilities, cut off where Keras's losses cut them off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from butfor.data.dataset import Array, Dataset
from butfor.engine.keras_internals import last_function
from butfor.recipe.target_scalings import target_scale
from butfor.recipe.tasks import BINARY, MULTILABEL, OWN, REGRESSION, TASKS, Task

Tensor = Any
OTHER_WEIGHTS = (-1.0, -3.0, 3.0, -30.0, 30.0)  # times the first ones: logits have either sign, or are large
SURE = 1e-7  # where Keras cuts probabilities off


@dataclass(frozen=True)
class Answers:
    """What is done to a model's outputs `(batch, *outputs)`, and to targets `(batch, *target)`.

    probabilities: whether classes get probabilities, not logits. centre, spread: of each number to be predicted, as the loss
    sees it.
    """

    task: Task
    probabilities: bool = False
    centre: Array | float = 0.0
    spread: Array | float = 1.0

    def scores(self, outputs: Tensor) -> Tensor:
        """Logits, or numbers in the targets' own unit."""
        if self.task is REGRESSION:
            return outputs if self._unscaled else outputs * self.spread + self.centre
        return self.logits(outputs)

    def logits(self, outputs: Tensor) -> Tensor:
        """Of classes."""
        if not self.probabilities:
            return outputs
        sure = tf.clip_by_value(outputs, SURE, 1 - SURE)
        return tf.math.log(sure) - tf.math.log1p(-sure) if self.independent else tf.math.log(sure)

    def scaled(self, targets: Tensor) -> Tensor:
        """Numbers as the loss sees them."""
        return targets if self._unscaled else (targets - self.centre) / self.spread

    def losses(self, targets: Tensor, scores: Tensor) -> Tensor:
        """The plain loss of each example, `(batch,)`."""
        if self.task is REGRESSION:
            return _by_example(tf.square(tf.cast(targets, tf.float32) - scores))
        if self.independent:
            return _by_example(tf.nn.sigmoid_cross_entropy_with_logits(self.as_column(targets), scores))
        return _by_example(tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(targets, tf.int32), scores))

    def figures(self, targets: Tensor, scores: Tensor) -> Tensor:
        """What is measured beside the loss, of each example, `(batch,)`, float64: whether the class that is named is right, as a
        share over several; or the size of the error."""
        if self.task is REGRESSION:
            return _by_example(tf.cast(tf.abs(tf.cast(targets, tf.float32) - scores), tf.float64))
        if self.independent:
            right = (scores > 0) == (self.as_column(targets) > 0.5)
        else:
            right = tf.argmax(scores, -1, tf.int32) == tf.cast(targets, tf.int32)
        return _by_example(tf.cast(right, tf.float64))

    @property
    def independent(self) -> bool:
        """Whether each output is a class by itself."""
        return self.task in (BINARY, MULTILABEL)

    def as_column(self, targets: Tensor) -> Tensor:
        """Targets of independent classes as floats in the shape of the outputs."""
        floats = tf.cast(targets, tf.float32)
        return tf.reshape(floats, [-1, 1]) if self.task is BINARY else floats

    def are_those_of(self, other: Answers) -> bool:
        """Whether other outputs are read in the same way."""
        kind, others = (self.task, self.probabilities), (other.task, other.probabilities)
        scales = zip((self.centre, self.spread), (other.centre, other.spread), strict=True)
        return kind == others and all(np.array_equal(a, b) for a, b in scales)

    @property
    def _unscaled(self) -> bool:
        return isinstance(self.spread, float)


def _by_example(values: Tensor) -> Tensor:
    """The mean over all but the first axis."""
    return tf.reduce_mean(values, axis=list(range(1, len(values.shape)))) if len(values.shape) > 1 else values


def answers_of(model: keras.Model, recipe: dict[str, Any], dataset: Dataset) -> Answers:
    """How a model's outputs are read."""
    task = TASKS[dataset.task]
    if task is REGRESSION:
        scale = target_scale(recipe, dataset.fitted_targets)
        return Answers(task, False, *scale) if scale else Answers(task)
    function = last_function(model) if task is not OWN else ""
    return Answers(task, function in ("softmax", "sigmoid"))


def check_outputs(model: keras.Model, answers: Answers, inputs: Any, expected: tuple[int, ...]) -> str:
    """What is wrong with a model's outputs for some inputs, with what to write; empty if nothing is. expected: their shape."""
    outputs = model(inputs, training=False)
    if answers.task is OWN:
        return ""
    values = outputs.numpy() if hasattr(outputs, "numpy") else None
    if values is None or values.dtype != np.float32 or values.shape != expected:
        received = type(outputs).__name__ if values is None else f"{values.dtype} {values.shape}"
        return (
            f"expected outputs as float32 {expected}, received {received}. Give the last layer dtype='float32', and mend what it"
            " returns."
        )
    if answers.probabilities or answers.task is REGRESSION:
        return ""
    if not answers.independent and values.min() >= 0 and np.allclose(values.sum(axis=-1), 1, atol=1e-3):
        return (
            "expected logits, or probabilities by a layer with activation='softmax' at its end, received probabilities from"
            " elsewhere. End it with keras.layers.Dense(classes) or keras.layers.Softmax()."
        )
    if answers.independent and _are_shares(values) and np.ptp(values) > 0 and _stay_shares(model, inputs):
        return (
            "expected logits, or probabilities by a layer with activation='sigmoid' at its end, received numbers from 0 to 1 for"
            " any weights, which are probabilities from elsewhere. End it with keras.layers.Dense(classes), with or without"
            " activation='sigmoid'."
        )
    return ""


def _are_shares(values: Array) -> bool:
    return bool(values.min() >= 0 and values.max() <= 1)


def _stay_shares(model: keras.Model, inputs: Any) -> bool:
    """Whether outputs lie between 0 and 1 with other weights too: the first logits of a model may do so by chance."""
    weights = [(variable, variable.numpy()) for variable in model.trainable_variables]
    try:
        for factor in OTHER_WEIGHTS:
            for variable, value in weights:
                variable.assign(factor * value)
            outputs = model(inputs, training=False).numpy()
            if not np.isnan(outputs).any() and not _are_shares(outputs):
                return False
    finally:
        for variable, value in weights:
            variable.assign(value)
    return True
