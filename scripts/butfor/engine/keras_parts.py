"""The parts a recipe gives a model: kernels with their initialiser and penalties, activations, dropout, augmentation.

A model asks for each by the name of the place where it stands, and each draws from the stream of that name, so that a
layer's draws do not depend on which other layers stand around it. The user's own models get the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from butfor.engine.keras_initialisers import initialiser
from butfor.engine.plain_layers import PlainLayers
from butfor.engine.random_layers import (
    Algorithm,
    ChanceLayer,
    Cutout,
    Dropout,
    Flip,
    Noise,
    Shift,
    SpatialDropout,
)
from butfor.engine.resampled_layers import Rotation, Zoom
from butfor.recipe import streams
from butfor.recipe.categories import UNSEEN, Categorical, widths
from butfor.recipe.network_parts import Tensor
from butfor.recipe.normalisations import NORMALISATIONS
from butfor.user_code import declaration
from butfor.user_code.location import is_own

AUGMENTATIONS: dict[str, Callable[..., ChanceLayer]] = {
    "shift": Shift,
    "flip": Flip,
    "rotation": Rotation,
    "zoom": Zoom,
    "noise": Noise,
    "cutout": Cutout,
}


class Parts(PlainLayers):
    """What a recipe's model is built from, for one seed.

    vocabulary: of texts the words that the numbers from 2 on stand for. categorical: by name the columns of a table that hold
    numbers of categories, see Categorical.
    """

    def __init__(
        self,
        recipe: dict[str, Any],
        seed: int,
        algorithm: Algorithm,
        vocabulary: Sequence[str] = (),
        categorical: Sequence[Categorical] = (),
    ) -> None:
        self.vocabulary, self._categorical = vocabulary, categorical
        self.categorical = {column.name: column for column in categorical}
        self.recipe, self.seed, self._algorithm = recipe, seed, algorithm

    def key(self, *name: str) -> int:
        """The seed of the stream called `name`, for a layer or an initialiser of your own."""
        return streams.key(self.seed, *name)

    def kernel(self, layer: str) -> dict[str, Any]:
        """Keyword arguments of a layer with a kernel and a bias: name, initialisers, penalty λ₁Σ|w| + λ₂Σw², limit."""
        recipe = self.recipe
        chosen = recipe["layer_initialisers"].get(layer, recipe["initialiser"])
        penalised, limited = recipe["l1"] > 0 or recipe["l2"] > 0, recipe["max_norm"] > 0
        return {
            "name": layer,
            "kernel_initializer": initialiser(chosen, self.key("weights", layer)),
            "bias_initializer": initialiser(recipe["bias_initialiser"], self.key("biases", layer)),
            "kernel_regularizer": keras.regularizers.L1L2(recipe["l1"], recipe["l2"]) if penalised else None,
        } | ({"kernel_constraint": MaxNorm(recipe["max_norm"])} if limited else {})

    def dense(self, x: Tensor, units: int, layer: str, activation: str) -> Tensor:
        """A hidden dense layer with its normalisation and activation."""
        connected = keras.layers.Dense(units, use_bias=self._has_bias, **self.kernel(layer))(x)
        return self.activated(connected, layer, activation)

    def convolution(self, x: Tensor, filters: int, side: int, layer: str, activation: str, stride: int = 1) -> Tensor:
        """A hidden convolution, padded to the size of its input, with its normalisation and activation."""
        kind, settings = keras.layers.Conv2D, {"strides": stride, "padding": "same", "use_bias": self._has_bias}
        return self.activated(kind(filters, side, **settings, **self.kernel(layer))(x), layer, activation)

    @property
    def _has_bias(self) -> bool:
        """Batch normalisation takes a bias away again: without a gradient, it would follow the rounding of zeros."""
        return bool(self.recipe["normalisation"]["name"] != "batch")

    def activated(self, x: Tensor, layer: str, activation: str) -> Tensor:
        """Normalisation, then the activation function with its penalty, after the layer of that name."""
        normalised = self._normalisation(x, layer)
        penalised = self.recipe["activity_l1"] > 0 or self.recipe["activity_l2"] > 0
        penalty = keras.regularizers.L1L2(self.recipe["activity_l1"], self.recipe["activity_l2"]) if penalised else None
        return keras.layers.Activation(activation, activity_regularizer=penalty, name=f"{layer}_activation")(normalised)

    def dropout(self, x: Tensor, place: int = 1) -> Tensor:
        """Dropout number `place` from the input, at its rate."""
        rates = self.recipe["dropout"]
        rate = rates[place - 1] if isinstance(rates, list) else rates
        return self._dropout(x, Dropout, rate, f"dropout_{place}")

    def input_dropout(self, x: Tensor) -> Tensor:
        """Dropout of inputs."""
        return self._dropout(x, Dropout, self.recipe["input_dropout"], "input_dropout")

    def spatial_dropout(self, x: Tensor, place: int) -> Tensor:
        """Dropout of whole feature maps, number `place` from the input."""
        return self._dropout(x, SpatialDropout, self.recipe["spatial_dropout"], f"spatial_dropout_{place}")

    def categories(self, x: Tensor, of: str = "") -> Tensor:
        """The rows of an input (`of` several, the one of that name) with its columns of categories as the recipe has them, after
        the others: a vector for each, or columns of 0 and 1."""
        columns = [column for column in self._categorical if column.input == of]
        if not columns:
            return x
        sizes, ops = [column.size for column in columns], keras.ops
        numbers = [ops.cast(x[:, column.place], "int32") for column in columns]
        lengths = widths(self.recipe, sizes)
        made = [ops.one_hot(number - 1, size - 1) for number, size in zip(numbers, sizes, strict=True) if not lengths]
        for column, number, length in zip(columns, numbers, lengths, strict=False):
            made.append(self._embedding(column, length)(number))
        others = sorted(set(range(x.shape[-1])) - {column.place for column in columns})
        rest = [ops.take(x, others, axis=-1)] if others else []
        together = [*rest, *made]
        return keras.layers.Concatenate(name=_called("categories", of))(together) if len(together) > 1 else made[0]

    def _embedding(self, column: Categorical, length: int) -> keras.layers.Embedding:
        """A table of vectors, whose first is all zeros: no training row looks it up, so that it stays so."""
        drawn = keras.initializers.RandomUniform(seed=self.key("weights", "embedding", column.input, column.name))
        name = _called(f"embedding_{column.place + 1}", column.input)
        table = keras.layers.Embedding(column.size, length, embeddings_initializer=drawn, name=name)
        table.build(())
        table.embeddings.assign(table.embeddings.numpy() * (np.arange(column.size) != UNSEEN)[:, None])
        return table

    def augmented(self, images: Tensor) -> Tensor:
        """Images, or inputs of any shape, changed at random while training: as the recipe's shift, flip, rotation, zoom, noise
        and cutout say, in this order."""
        for name, kind in AUGMENTATIONS.items():
            if self._augments(name) and (value := self.recipe[name]):
                settings = () if value is True else (value,)
                precise = {} if kind in (Shift, Flip) else {"dtype": "float32"}
                images = kind(*settings, self._algorithm, self.key("augmentation", name), name=name, **precise)(images)
        return images

    def _augments(self, name: str) -> bool:
        """Whether `augmented` looks at a key: a user's own model may take less than all, by its YAML file. One that declares none
        is told of the first two, so that its call is not in vain."""
        model = self.recipe["model"]["name"]
        uses = declaration.declaration(model)["uses"] if is_own(model) else AUGMENTATIONS
        return name in uses or (name in ("shift", "flip") and not {*uses} & {*AUGMENTATIONS})

    def _dropout(self, x: Tensor, kind: type[Dropout], rate: float, name: str) -> Tensor:
        return kind(rate, self._algorithm, self.key("masks", name), name=name)(x) if rate else x

    def _normalisation(self, x: Tensor, layer: str) -> Tensor:
        settings = {key: value for key, value in self.recipe["normalisation"].items() if key != "name"}
        kind = NORMALISATIONS[self.recipe["normalisation"]["name"]]
        return getattr(keras.layers, kind)(name=f"{layer}_normalisation", **settings)(x) if kind else x


def _called(layer: str, of: str) -> str:
    """A layer's name, with that of the input which it is of."""
    return f"{of}_{layer}" if of else layer


class MaxNorm(keras.constraints.Constraint):  # type: ignore[misc]
    """The weights into a unit scaled down to the norm `limit` where they exceed it, and else left to the bit.

    For kernels whose last axis counts units, dense or convolutional. Srivastava et al. 2014, section 5.1.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, kernel: Any) -> Any:
        norms = tf.sqrt(tf.reduce_sum(tf.square(kernel), axis=list(range(len(kernel.shape) - 1)), keepdims=True))
        return tf.where(norms > self.limit, kernel * (self.limit / norms), kernel)

    def get_config(self) -> dict[str, Any]:
        return {"limit": self.limit}
