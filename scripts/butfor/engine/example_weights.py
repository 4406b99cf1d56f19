"""What each training example counts in the loss, as the loops ask for it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from butfor.data.dataset import Array

Tensor = Any


class ExampleWeights:
    """Weights by class, by example, or the product of both."""

    def __init__(self, by_class: Array | None, by_example: Array | None) -> None:
        self._by_class, self._by_example = by_class, by_example

    def __call__(self, rows: Tensor, labels: Tensor) -> Tensor:
        """Of the examples in some rows, which have these labels `(batch, *target)`: `(batch,)`, or `(batch, *target)` where the
        classes count differently."""
        if self._by_class is None:
            return tf.gather(self._by_example, rows)
        weights = tf.gather(self._by_class, labels)
        if self._by_example is None:
            return weights
        own = tf.gather(self._by_example, rows)
        return weights * tf.reshape(own, [-1, *[1] * (len(weights.shape) - 1)])
