"""Recipe to Keras model: layers, initialisers, regularisers, optimiser.

Layers are named by their place (`hidden_1`, `dropout_1`, `logits`), and each draws from the stream of its own name, so
that a layer's initial weights do not depend on which other layers stand around it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from butfor import streams

Recipe = dict[str, Any]


class Dropout(keras.layers.Dropout):
    """Inverted dropout whose masks come from a chosen counter-based generator.

    `algorithm` is "threefry" for a training compiled with XLA, where it is several hundred times faster on a CPU than
    the default, and "philox" elsewhere, where threefry has no kernel. Shape in = shape out.

    Srivastava et al. 2014, with the scaling 1/(1-rate) at training time.
    """

    def __init__(self, rate: float, algorithm: str, **kwargs: Any) -> None:
        super().__init__(rate, **kwargs)
        self.algorithm = algorithm

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or self.rate == 0:
            return inputs
        counter = self.seed_generator.next()
        draws = tf.random.stateless_uniform(tf.shape(inputs), tf.cast(counter, tf.int32), alg=self.algorithm)
        kept = tf.cast(draws >= self.rate, inputs.dtype)
        return inputs * kept / (1.0 - self.rate)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "algorithm": self.algorithm}


def initialiser(settings: dict[str, Any], key: int) -> keras.initializers.Initializer:
    """The Keras initialiser a recipe names, drawing from `key`."""
    name = settings["name"]
    if name in ("zeros", "ones"):
        return keras.initializers.get(name)
    if name == "normal":
        return keras.initializers.RandomNormal(stddev=settings["stddev"], seed=key)
    if name == "uniform":
        return keras.initializers.RandomUniform(-settings["limit"], settings["limit"], seed=key)
    classes = {
        "lecun_uniform": keras.initializers.LecunUniform,
        "lecun_normal": keras.initializers.LecunNormal,
        "glorot_uniform": keras.initializers.GlorotUniform,
        "glorot_normal": keras.initializers.GlorotNormal,
        "he_uniform": keras.initializers.HeUniform,
        "he_normal": keras.initializers.HeNormal,
    }
    return classes[name](seed=key)


class RateTable(keras.optimizers.schedules.LearningRateSchedule):
    """A learning-rate schedule read from a table: step s uses `rates[s]`, float32 `(steps,)`.

    Gathered, not sliced: XLA takes a slice's start for a compile-time constant and would compile anew at every call.
    """

    def __init__(self, rates: npt.NDArray[np.float32]) -> None:
        self.rates = tf.constant(rates)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        return tf.gather(self.rates, tf.cast(step, tf.int32))

    def get_config(self) -> dict[str, Any]:
        return {"rates": self.rates.numpy().tolist()}


def optimiser(recipe: Recipe, rates: npt.NDArray[np.float32]) -> keras.optimizers.Optimizer:
    """The Keras optimiser a recipe names, at the learning rates `rates`, one per step of the whole training."""
    settings = {key: value for key, value in recipe["optimiser"].items() if key != "name"}
    classes = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    return classes[recipe["optimiser"]["name"]](learning_rate=RateTable(rates), **settings)


def build(recipe: Recipe, image: tuple[int, ...], classes: int, seed: int, mask_algorithm: str) -> keras.Model:
    """An uncompiled model with the initial weights of this seed: images `(batch, *image)` to logits `(batch, classes)`."""
    layers = {"mlp": _mlp, "cnn": _cnn}[recipe["model"]["name"]]
    inputs = keras.Input(image, name="images")
    hidden = layers(inputs, recipe, seed, mask_algorithm)
    logits = keras.layers.Dense(classes, name="logits", **_kernel(recipe, seed, "logits"))(hidden)
    return keras.Model(inputs, logits, name=recipe["model"]["name"])


def uses_convolution(recipe: Recipe) -> bool:
    """Whether the recipe's model convolves: XLA on a CPU compiles those to code tens of times slower than the graph."""
    return bool(recipe["model"]["name"] == "cnn")


def _mlp(x: keras.KerasTensor, recipe: Recipe, seed: int, algorithm: str) -> keras.KerasTensor:
    activation = recipe["model"]["activation"]
    x = keras.layers.Flatten(name="flatten")(x)
    for place, width in enumerate(recipe["model"]["widths"], start=1):
        name = f"hidden_{place}"
        x = keras.layers.Dense(width, activation=activation, name=name, **_kernel(recipe, seed, name))(x)
        x = _dropout(x, recipe, seed, place, algorithm)
    return x


def _cnn(x: keras.KerasTensor, recipe: Recipe, seed: int, algorithm: str) -> keras.KerasTensor:
    model = recipe["model"]
    activation = model["activation"]
    if len(x.shape) == 3:
        x = keras.layers.Reshape((*x.shape[1:], 1), name="channel")(x)
    for place, filters in enumerate(model["filters"], start=1):
        name = f"convolution_{place}"
        x = keras.layers.Conv2D(
            filters, model["kernel"], padding="same", activation=activation, name=name, **_kernel(recipe, seed, name)
        )(x)
        x = keras.layers.MaxPooling2D(name=f"pooling_{place}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(model["width"], activation=activation, name="hidden_1", **_kernel(recipe, seed, "hidden_1"))(
        x
    )
    return _dropout(x, recipe, seed, 1, algorithm)


def _dropout(x: keras.KerasTensor, recipe: Recipe, seed: int, place: int, algorithm: str) -> keras.KerasTensor:
    if recipe["dropout"] == 0:
        return x
    name = f"dropout_{place}"
    return Dropout(recipe["dropout"], algorithm, seed=streams.key(seed, "masks", name), name=name)(x)


def _kernel(recipe: Recipe, seed: int, layer: str) -> dict[str, Any]:
    """How a layer's kernel starts and what it is penalised by: λ₁Σ|w| + λ₂Σw², without a factor ½."""
    penalised = recipe["l1"] > 0 or recipe["l2"] > 0
    return {
        "kernel_initializer": initialiser(recipe["initialiser"], streams.key(seed, "weights", layer)),
        "kernel_regularizer": keras.regularizers.L1L2(recipe["l1"], recipe["l2"]) if penalised else None,
    }
