"""A trained model on JAX as a `.keras` file of plain Keras, which loads without butfor and on any backend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from butfor.data.dataset import Array
from butfor.engine.keras_initialisers import initialiser
from butfor.jax_engine.chance_layers import ChanceLayer, Dropout, SpatialDropout
from butfor.recipe.given_numbers import numbers_of

Recipe = dict[str, Any]


def save(model: keras.Model, recipe: Recipe, weights: list[Array], path: Path) -> None:
    """Write the model into `path`, which is there whole or not at all. weights: those of `model.weights`."""
    numbers = numbers_of(recipe)
    copy = keras.models.clone_model(model, clone_function=lambda layer: _plain_layer(layer, recipe, numbers))
    copy.set_weights(weights)
    part = path.with_suffix(".part.keras")
    path.parent.mkdir(parents=True, exist_ok=True)
    copy.save(part)
    part.replace(path)


def _plain_layer(layer: keras.layers.Layer, recipe: Recipe, numbers: dict[str, float]) -> keras.layers.Layer:
    if isinstance(layer, Dropout):
        kind = keras.layers.SpatialDropout2D if isinstance(layer, SpatialDropout) else keras.layers.Dropout
        return kind(numbers[layer.of], name=layer.name)
    if isinstance(layer, ChanceLayer):
        return keras.layers.Identity(name=layer.name)
    penalised = getattr(layer, "kernel_regularizer", None), getattr(layer, "activity_regularizer", None)
    config: dict[str, Any] = layer.get_config()
    if penalised[0] is not None:
        config["kernel_regularizer"] = keras.regularizers.L1L2(recipe["l1"], recipe["l2"])
    if penalised[1] is not None:
        config["activity_regularizer"] = keras.regularizers.L1L2(recipe["activity_l1"], recipe["activity_l2"])
    if hasattr(layer, "kernel"):
        chosen = recipe["layer_initialisers"].get(layer.name, recipe["initialiser"])
        config |= {"kernel_initializer": initialiser(chosen, 0), "kernel_constraint": None}
        config["bias_initializer"] = initialiser(recipe["bias_initialiser"], 0)
    return layer.__class__.from_config(config)
