"""What each training example counts in the loss, as the loops ask for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from butfor.data.dataset import Array

Tensor = Any


class ExampleWeights:
    """Weights by class, by example, or the product of both. axes: how many a target of classes has."""

    def __init__(self, by_class: Array | None, by_example: Array | None, axes: int = 0) -> None:
        self._by_class, self._by_example, self._axes = by_class, by_example, axes

    def are_those_of(self, other: ExampleWeights | None) -> bool:
        """Whether others would weigh every example in the same way."""
        if other is None:
            return False
        own, others = (self._by_class, self._by_example), (other._by_class, other._by_example)
        return self._axes == other._axes and all(_equal(a, b) for a, b in zip(own, others, strict=True))

    def __call__(self, rows: Tensor, labels: Tensor) -> Tensor:
        """Of the examples in some rows, which have these labels `(batch, *target)`: alike, or with 1 for each axis of a target
        where classes do not count differently."""
        if self._by_example is None:
            return tf.gather(self._by_class, labels)
        own = tf.reshape(tf.gather(self._by_example, rows), [-1, *[1] * self._axes])
        return own if self._by_class is None else own * tf.gather(self._by_class, labels)


def _equal(one: Array | None, other: Array | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)
