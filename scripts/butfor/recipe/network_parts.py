"""What an engine gives a network to be made of: layers named by their place, each as the recipe says. Standard library only."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

Tensor: TypeAlias = (
    Any  # an engine's own: images `(batch, height, width)` with or without channels, or values `(batch, n)`
)


class NetworkParts(Protocol):
    """The parts of one model. Names given are those that the layers get; other layers are named as documented."""

    def flatten(self, x: Tensor) -> Tensor:
        """Values in one row per image: `flatten`."""

    def with_channel(self, x: Tensor) -> Tensor:
        """Images with a last axis for channels, of which grey ones get one: `channel`."""

    def dense(self, x: Tensor, units: int, layer: str, activation: str) -> Tensor:
        """A hidden dense layer with its normalisation and activation: `<layer>`, `<layer>_normalisation`,
        `<layer>_activation`."""

    def convolution(self, x: Tensor, filters: int, side: int, layer: str, activation: str, stride: int = 1) -> Tensor:
        """A hidden convolution, padded to the size of its input, likewise."""

    def pooling(self, x: Tensor, layer: str) -> Tensor:
        """The largest of each 2x2 pixels."""

    def mean_over_pixels(self, x: Tensor, layer: str) -> Tensor:
        """One value per channel."""

    def joined(self, x: Tensor, inside: Tensor, block: str, activation: str) -> Tensor:
        """The end of a residual block: `<block>_sum` of its input and what is inside, then `<block>_out`, an activation."""

    def dropout(self, x: Tensor, place: int = 1) -> Tensor:
        """Dropout number `place` from the input: `dropout_<place>`; nothing where its rate is 0."""

    def input_dropout(self, x: Tensor) -> Tensor:
        """Dropout of inputs: `input_dropout`."""

    def spatial_dropout(self, x: Tensor, place: int) -> Tensor:
        """Dropout of whole feature maps, number `place` from the input: `spatial_dropout_<place>`."""
