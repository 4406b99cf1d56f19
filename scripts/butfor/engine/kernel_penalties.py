"""Penalties on kernels, in a form that XLA compiles well for processors.

XLA adds up the elements of one array in windows, which for the kernels of 784-256-128-10 takes a fifth of a step; it adds up
several arrays element by element as fast as memory gives them. And as the sum may be taken after the step has changed the kernel,
it copies the kernel first. So a kernel is added up in lanes, and its gradient waits for the sum. Values differ from Keras's by
rounding, and so do gradients of two penalties at once; gradients of one do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

LANES = 16  # of 4, 8, 16 and 32 the fastest (2026-11-28)
KERAS = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)


class LanedPenalty(keras.regularizers.Regularizer):  # type: ignore[misc]
    """λ₁Σ|w| + λ₂Σw²."""

    def __init__(self, l1: float, l2: float) -> None:
        self.l1, self.l2 = l1, l2

    def __call__(self, x: Any) -> tf.Tensor:
        kernel = tf.convert_to_tensor(x)
        absolute = self.l1 * _sum(kernel, tf.abs, tf.sign) if self.l1 else 0.0
        return absolute + (self.l2 * _sum(kernel, tf.square, _doubled) if self.l2 else 0.0)

    def get_config(self) -> dict[str, float]:
        return {"l1": self.l1, "l2": self.l2}


def sum_in_lanes(model: keras.Model) -> None:
    """Let a model's variables have their penalties by lanes, where those are Keras's own. Its layers, and so what is kept of the
    model, have Keras's still."""
    for variable in model.trainable_variables:
        if type(variable.regularizer) in KERAS:
            own = variable.regularizer
            variable.regularizer = LanedPenalty(float(getattr(own, "l1", 0.0)), float(getattr(own, "l2", 0.0)))


def _sum(kernel: tf.Tensor, of: Callable[[tf.Tensor], tf.Tensor], slope: Callable[[tf.Tensor], tf.Tensor]) -> Any:
    """Σ of(w), the derivative of which is `slope`."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def total(w: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        lanes = tf.reshape(w, [math.gcd(LANES, math.prod(w.shape)), -1])
        value = tf.reduce_sum(tf.add_n([of(lane) for lane in tf.unstack(lanes)]))
        return value, lambda gradient: (gradient + 0.0 * value) * slope(w)

    return total(kernel)


def _doubled(w: tf.Tensor) -> tf.Tensor:
    return 2.0 * w
