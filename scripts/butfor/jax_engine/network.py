"""Recipe to Keras model on JAX: the built-in networks, whose numbers are read from outside while they are called.

Layers have the names and places that the other engine gives them. The weights in a model stand there for their shapes: those
that train are kept apart (see training_program), and begin as initial_state says.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import jax.numpy as jnp
import keras

from butfor.engine.plain_layers import PlainLayers
from butfor.jax_engine import patch_convolution
from butfor.jax_engine.chance_layers import ChanceLayer, Cutout, Dropout, Flip, Noise, Shift, SpatialDropout
from butfor.recipe.architectures import architecture
from butfor.recipe.given_numbers import Numbers
from butfor.recipe.normalisations import NORMALISATIONS

Recipe = dict[str, Any]
Tensor: TypeAlias = Any


def build(
    recipe: Recipe, switches: frozenset[str], numbers: Numbers, image: Any, outputs: int, by_patches: bool = False
) -> keras.Model:
    """A model of a recipe with the parts that are switched on: images `(batch, *image)` to `(batch, outputs)`. by_patches: how it
    convolves, see patch_convolution."""
    parts = Parts(recipe, switches, numbers, by_patches)
    inputs = keras.Input(image, name="images", dtype="float32")
    hidden = architecture(recipe["model"]).network(parts.augmented(inputs), recipe["model"], parts)
    last = keras.layers.Dense(outputs, dtype="float32", **parts.kernel("logits"))
    return keras.Model(inputs, last(hidden), name=recipe["model"]["name"])


class Penalty(keras.regularizers.Regularizer):  # type: ignore[misc]
    """λ₁Σ|w| + λ₂Σw², of which the λ are numbers by these names; an empty name stands for none."""

    def __init__(self, numbers: Numbers, l1: str, l2: str) -> None:
        self.numbers, self.l1, self.l2 = numbers, l1, l2

    def __call__(self, x: Tensor) -> Tensor:
        x = jnp.asarray(x)
        absolute = self.numbers[self.l1] * jnp.sum(jnp.abs(x)) if self.l1 else 0.0
        return absolute + (self.numbers[self.l2] * jnp.sum(jnp.square(x)) if self.l2 else 0.0)

    def get_config(self) -> dict[str, Any]:
        return {}  # what is kept has Keras's own in its place, see plain_model


class MaxNorm(keras.constraints.Constraint):  # type: ignore[misc]
    """The weights into a unit scaled down to the norm `max_norm` where they exceed it, and else left to the bit.

    Srivastava et al. 2014, section 5.1.
    """

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers

    def __call__(self, kernel: Tensor) -> Tensor:
        kernel, limit = jnp.asarray(kernel), self.numbers["max_norm"]
        norms = jnp.sqrt(jnp.sum(jnp.square(kernel), axis=tuple(range(kernel.ndim - 1)), keepdims=True))
        return jnp.where(norms > limit, kernel * (limit / norms), kernel)

    def get_config(self) -> dict[str, Any]:
        return {}


class Parts(PlainLayers):
    """The parts of one model (see recipe/network_parts)."""

    def __init__(self, recipe: Recipe, switches: frozenset[str], numbers: Numbers, by_patches: bool = False) -> None:
        self._recipe, self._switches, self._numbers = recipe, switches, numbers
        self._convolution = patch_convolution.Conv2D if by_patches else keras.layers.Conv2D

    def kernel(self, layer: str) -> dict[str, Any]:
        """Keyword arguments of a layer with a kernel and a bias: name, penalty, limit."""
        limit = {"kernel_constraint": MaxNorm(self._numbers)} if "max_norm" in self._switches else {}
        return {
            "name": layer,
            "kernel_initializer": "zeros",
            "kernel_regularizer": self._penalty("l1", "l2"),
            **limit,
        }

    def _penalty(self, l1: str, l2: str) -> Penalty | None:
        on = [name if name in self._switches else "" for name in (l1, l2)]
        return Penalty(self._numbers, *on) if any(on) else None

    def dense(self, x: Tensor, units: int, layer: str, activation: str) -> Tensor:
        connected = keras.layers.Dense(units, use_bias=self._has_bias, **self.kernel(layer))(x)
        return self._activated(connected, layer, activation)

    def convolution(self, x: Tensor, filters: int, side: int, layer: str, activation: str, stride: int = 1) -> Tensor:
        settings = {"strides": stride, "padding": "same", "use_bias": self._has_bias}
        connected = self._convolution(filters, side, **settings, **self.kernel(layer))(x)
        return self._activated(connected, layer, activation)

    @property
    def _has_bias(self) -> bool:
        return bool(self._recipe["normalisation"]["name"] != "batch")

    def _activated(self, x: Tensor, layer: str, activation: str) -> Tensor:
        penalty = self._penalty("activity_l1", "activity_l2")
        made = keras.layers.Activation(activation, activity_regularizer=penalty, name=f"{layer}_activation")
        return made(self._normalised(x, layer))

    def _normalised(self, x: Tensor, layer: str) -> Tensor:
        settings = {key: value for key, value in self._recipe["normalisation"].items() if key != "name"}
        kind = NORMALISATIONS[self._recipe["normalisation"]["name"]]
        return getattr(keras.layers, kind)(name=f"{layer}_normalisation", **settings)(x) if kind else x

    def dropout(self, x: Tensor, place: int = 1) -> Tensor:
        return self._dropout(x, Dropout, f"dropout_{place}", f"dropout_{place}")

    def input_dropout(self, x: Tensor) -> Tensor:
        return self._dropout(x, Dropout, "input_dropout", "input_dropout")

    def spatial_dropout(self, x: Tensor, place: int) -> Tensor:
        return self._dropout(x, SpatialDropout, "spatial_dropout", f"spatial_dropout_{place}")

    def _dropout(self, x: Tensor, kind: type[Dropout], number: str, layer: str) -> Tensor:
        return kind(self._numbers, number, name=layer)(x) if number in self._switches else x

    def augmented(self, images: Tensor) -> Tensor:
        """Images changed at random while training: as the recipe's shift, flip, noise and cutout say, in this order."""
        recipe, numbers = self._recipe, self._numbers
        layers: list[ChanceLayer] = [Shift(recipe["shift"], numbers, name="shift")] if recipe["shift"] else []
        layers += [Flip(numbers, name="flip")] if recipe["flip"] else []
        layers += [Noise(numbers, name="noise")] if "noise" in self._switches else []
        layers += [Cutout(recipe["cutout"], numbers, name="cutout")] if recipe["cutout"] else []
        for layer in layers:
            images = layer(images)
        return images
