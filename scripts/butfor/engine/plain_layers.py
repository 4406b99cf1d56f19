"""The layers of a network that have no weights and draw nothing, as every engine on Keras builds them."""

from __future__ import annotations

import keras

from butfor.recipe.network_parts import Tensor


class PlainLayers:
    """The part of network_parts that needs neither recipe nor seed."""

    def flatten(self, x: Tensor) -> Tensor:
        """Values in one row per image."""
        return keras.layers.Flatten(name="flatten")(x)

    def with_channel(self, x: Tensor) -> Tensor:
        """Images with a last axis for channels, of which grey ones get one."""
        return x if len(x.shape) == 4 else keras.layers.Reshape((*x.shape[1:], 1), name="channel")(x)

    def pooling(self, x: Tensor, layer: str) -> Tensor:
        """The largest of each 2x2 pixels."""
        return keras.layers.MaxPooling2D(name=layer)(x)

    def mean_over_pixels(self, x: Tensor, layer: str) -> Tensor:
        """One value per channel."""
        return keras.layers.GlobalAveragePooling2D(name=layer)(x)

    def joined(self, x: Tensor, inside: Tensor, block: str, activation: str) -> Tensor:
        """The end of a residual block: the sum of its input and what is inside, then an activation."""
        added = keras.layers.Add(name=f"{block}_sum")([x, inside])
        return keras.layers.Activation(activation, name=f"{block}_out")(added)
