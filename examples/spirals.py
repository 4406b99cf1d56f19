"""A model of one's own: two hidden layers on Fourier features of the inputs (Tancik et al. 2020).

`model: examples.spirals:build`; what it uses is said in spirals.yaml.
"""

from __future__ import annotations

from typing import Any

import keras

from butfor.parts import Parts, Tensor


def build(recipe: dict[str, Any], shape: tuple[int, ...], classes: int, parts: Parts) -> keras.Model:
    """An uncompiled model from examples of `shape` to logits, made with the recipe's parts."""
    own = recipe["model"]
    inputs = keras.Input(shape)
    x = keras.layers.Flatten()(inputs)
    if own["fourier"]:
        x = Fourier(own["fourier"], own["frequency"], parts.key("weights", "fourier"), name="fourier")(x)
    for place in (1, 2):
        x = parts.dropout(parts.dense(x, own["hidden"], f"hidden_{place}", "relu"), place)
    return keras.Model(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(x))


class Fourier(keras.layers.Layer):
    """sin(Bx) and cos(Bx), with B drawn once and not trained: `(batch, n)` to `(batch, 2·features)`."""

    def __init__(self, features: int, frequency: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.features = features
        self.initialiser = keras.initializers.RandomNormal(stddev=frequency, seed=seed)

    def build(self, shape: Any) -> None:
        size = (shape[-1], self.features)
        self.directions = self.add_weight(shape=size, initializer=self.initialiser, trainable=False, name="directions")

    def call(self, x: Tensor) -> Tensor:
        turned = keras.ops.matmul(x, self.directions)
        return keras.ops.concatenate([keras.ops.sin(turned), keras.ops.cos(turned)], axis=-1)
