"""A model that keeps what a seed decides, or what training leaves behind, in the place that its setting `place` names."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf


class Mask(keras.layers.Layer):
    """Leaves out half of the inputs, the same in every step; the choice is a NumPy array."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def build(self, shape: Any) -> None:
        self.mask = (np.random.default_rng(self.seed).random(shape[-1]) < 0.5).astype("float32")

    def call(self, x: Any) -> Any:
        return x * self.mask


class Projection(keras.layers.Layer):
    """Random features drawn anew at each call by a whole number."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def call(self, x: Any) -> Any:
        return keras.ops.matmul(x, keras.random.normal((64, 32), seed=self.seed))


class Noise(keras.layers.Layer):
    """Noise while training, from a generator that Keras does not know, or from none that is seeded."""

    def __init__(self, generator: Any) -> None:
        super().__init__()
        self.generator = generator

    def call(self, x: Any, training: bool = False) -> Any:
        return x + 0.1 * self.generator.normal(tf.shape(x)) if training else x


class Counting(keras.layers.Layer):
    """Scales its inputs by how often it was called in training, counted in a variable that Keras does not know."""

    def __init__(self) -> None:
        super().__init__()
        self.count = tf.Variable(0.0, trainable=False)

    def call(self, x: Any, training: bool = False) -> Any:
        return x * (1.0 + 0.01 * self.count.assign_add(1.0)) if training else x


class Averaging(keras.Model):
    """Follows its weights by an average, and trains its biases by an optimiser of its own, in a train_step of its own."""

    def prepare(self) -> Averaging:
        self.average = [keras.Variable(v, trainable=False) for v in self.trainable_variables]
        self.biases = keras.optimizers.Adam(0.01)
        return self

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        pairs = list(zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables, strict=True))
        self.optimizer.apply_gradients([pair for pair in pairs if len(pair[1].shape) > 1])
        self.biases.apply_gradients([pair for pair in pairs if len(pair[1].shape) == 1])
        for average, weight in zip(self.average, self.trainable_variables, strict=True):
            average.assign(0.9 * average + 0.1 * weight)
        return {"loss": loss}


class Mixing(keras.Model):
    """Adds noise to the inputs of its steps, from a generator of Keras's that belongs to the model itself."""

    def prepare(self, seed: int) -> Mixing:
        self.draws = keras.random.SeedGenerator(seed)
        return self

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        return super().train_step((x + 0.3 * keras.random.normal(keras.ops.shape(x), seed=self.draws), y))


LAYERS = {
    "mask": lambda key: Mask(key),
    "number": lambda key: Projection(key),
    "generator": lambda key: Noise(tf.random.Generator.from_seed(key)),
    "variable": lambda key: Counting(),
    "nowhere": lambda key: Noise(tf.random),
    "keras": lambda key: keras.layers.GaussianNoise(0.1, seed=key),
}


def build(recipe: dict[str, Any], shape: tuple[int, ...], classes: int, parts: Any) -> keras.Model:
    """A hidden layer and logits, with what is kept before them or around them."""
    place, key = recipe["model"]["place"], parts.key("kept")
    inputs = keras.Input(shape)
    x = keras.layers.Flatten()(inputs)
    if place in LAYERS:
        x = LAYERS[place](key)(x)
    if place == "choice":  # which differs between some seeds only
        x = keras.layers.Rescaling(1.0 + parts.seed // 2)(x)
    x = parts.dense(x, 8, "hidden_1", "relu")
    outputs = keras.layers.Dense(classes, **parts.kernel("logits"))(x)
    if place == "step":
        return Mixing(inputs, outputs).prepare(key)
    return Averaging(inputs, outputs).prepare() if place == "optimiser" else keras.Model(inputs, outputs)
