"""What butfor needs of Keras and Keras has no public name for: one function each, so that one place breaks."""

from __future__ import annotations

from typing import TypeAlias

import keras

Layer: TypeAlias = keras.layers.Layer


def every_layer(model: keras.Model) -> list[Layer]:
    """The model and all layers in it, those inside nested models and inside layers too; `layers` has the outermost only."""
    return list(model._flatten_layers())
