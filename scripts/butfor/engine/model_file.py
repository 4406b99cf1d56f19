"""A trained model as a `.keras` file of plain Keras, which loads without butfor.

In use, dropout and augmentation do nothing, and limits and a training's own optimiser have done their work; what is
kept takes images as floats from 0 to 1, `(batch, *image)`, or several inputs by name, and gives logits, `(batch, classes)`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from butfor.engine.keras_parts import MaxNorm
from butfor.engine.random_layers import ChanceLayer, Dropout, SpatialDropout
from butfor.errors import StudyError


class ModelFileError(StudyError):
    """A model that Keras cannot write into a file."""


def save(model: keras.Model, path: Path) -> None:
    """Write the model into `path`, which is there whole or not at all. Raises ModelFileError."""
    part = path.with_suffix(".part.keras")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        plain(model).save(part)
    except OSError:
        raise
    except Exception as failure:
        part.unlink(missing_ok=True)
        raise ModelFileError(
            f"{model.name}: expected a model that Keras can write as a .keras file, received"
            f" {type(failure).__name__}: {' '.join(str(failure).split())[:300]}. Give each layer of your own a get_config,"
            " or write `tracking: {models: none}`."
        ) from failure
    part.replace(path)


def plain(model: keras.Model) -> keras.Model:
    """A copy with the same weights, made of Keras's own layers where butfor's stood."""
    # Of a block, `output` is what calls it gave.
    inputs = model.inputs[0] if len(model.inputs) == 1 else model.inputs
    uncompiled = keras.Model(inputs, *model.outputs, name=model.name)
    copy = keras.models.clone_model(uncompiled, clone_function=_plain_layer)
    copy.set_weights(uncompiled.get_weights())
    return copy


def _plain_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    if isinstance(layer, SpatialDropout):
        return keras.layers.SpatialDropout2D(layer.rate, name=layer.name)
    if isinstance(layer, Dropout):
        return keras.layers.Dropout(layer.rate, name=layer.name)
    if isinstance(layer, ChanceLayer):
        return keras.layers.Identity(name=layer.name)
    if isinstance(layer, keras.Model):
        return plain(layer)
    config: dict[str, Any] = layer.get_config()
    if isinstance(getattr(layer, "kernel_constraint", None), MaxNorm):
        config["kernel_constraint"] = None
    return layer.__class__.from_config(config)
