"""The training loss of a classifier that gives logits."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class SmoothedCrossEntropy(keras.losses.Loss):
    """Cross-entropy in nats against labels of which the share `smoothing` is spread over all classes.

    Labels `(batch,)`, logits `(batch, classes)`. Szegedy et al. 2016, section 7.
    """

    def __init__(self, smoothing: float, **kwargs: Any) -> None:
        super().__init__(name="smoothed_cross_entropy", **kwargs)
        self.smoothing = smoothing

    def call(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        classes = logits.shape[-1]
        labels = tf.reshape(tf.cast(labels, tf.int32), [-1])
        target = tf.one_hot(labels, classes) * (1.0 - self.smoothing) + self.smoothing / classes
        return tf.nn.softmax_cross_entropy_with_logits(target, logits)

    def get_config(self) -> dict[str, Any]:
        return {"smoothing": self.smoothing}


def loss(recipe: dict[str, Any]) -> keras.losses.Loss:
    """The loss that a recipe trains by, penalties aside."""
    if recipe["label_smoothing"]:
        return SmoothedCrossEntropy(recipe["label_smoothing"])
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
