"""Layers that draw at every training step: dropout and augmentation, as the other engine has them under XLA, to the bit.

All are the identity outside training and while they are `resting`. Each draws from a counter of its own, keyed by seed and
layer name, which is a variable of the model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, TypeAlias

import jax.numpy as jnp
import keras
import numpy as np

from butfor.data.dataset import Array
from butfor.jax_engine.counter_draws import uniform
from butfor.recipe.given_numbers import Numbers
from butfor.records.layer_statistics import DRAWN_IMAGES

Tensor: TypeAlias = Any


class ChanceLayer(keras.layers.Layer, ABC):  # type: ignore[misc]
    """A layer with a stream of uniform draws. Shape in = shape out. numbers: where it looks up its own."""

    stream = "augmentation"  # the first part of the name of its stream

    def __init__(self, numbers: Numbers, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.numbers = numbers
        self.resting = False
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.resting:
            return inputs
        return self.changed(inputs, uniform(self.seed_generator.next(), self.drawn_shape(inputs.shape)))

    @abstractmethod
    def changed(self, inputs: Tensor, draws: Tensor) -> Tensor:
        """Inputs as training sees them."""

    def drawn_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of what is drawn for inputs of a shape."""
        return shape

    def coded(self) -> Array:
        """Inputs that tell what the layer does to 256 examples."""
        return np.ones((DRAWN_IMAGES, *self.input.shape[1:]), np.float32)

    def effect(self, given: Array, output: Array) -> dict[str, Any]:
        """What a record says of what became of those."""
        return {}

    def compute_output_shape(self, shape: Any) -> Any:
        return shape


class Dropout(ChanceLayer):
    """Inverted dropout: units are 0 with probability `rate`, and 1/(1-rate) times as large otherwise (Srivastava et al. 2014).

    of: the name of the rate among the numbers.
    """

    stream = "masks"

    def __init__(self, numbers: Numbers, of: str, **kwargs: Any) -> None:
        super().__init__(numbers, **kwargs)
        self.of = of

    def changed(self, inputs: Tensor, draws: Tensor) -> Tensor:
        rate = self.numbers[self.of]
        return inputs * (draws >= rate).astype(inputs.dtype) / (1.0 - rate)

    def effect(self, given: Array, output: Array) -> dict[str, Any]:
        return {"share": float((output == 0).mean()), "scale": float(output.max())}


class SpatialDropout(Dropout):
    """Dropout of whole feature maps: inputs `(batch, height, width, maps)` (Tompson et al. 2015)."""

    def drawn_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape[0], 1, 1, shape[3]


class Pixels(ChanceLayer):
    """What moves or flips images: seen by images of numbered pixels."""

    def coded(self) -> Array:
        height, width, *channels = self.input.shape[1:]
        code = np.arange(1, height * width + 1, dtype=np.float32).reshape(height, width, *[1] * len(channels))
        return np.array(np.broadcast_to(code, (DRAWN_IMAGES, *self.input.shape[1:])))


class Shift(Pixels):
    """Each image moved by up to `pixels` each way, every distance equally likely; what comes in at the edge is 0."""

    def __init__(self, pixels: int, numbers: Numbers, **kwargs: Any) -> None:
        super().__init__(numbers, **kwargs)
        self.pixels = pixels

    def drawn_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape[0], 2

    def changed(self, inputs: Tensor, draws: Tensor) -> Tensor:
        starts = (draws * float(2 * self.pixels + 1)).astype(jnp.int32)
        edge = (self.pixels, self.pixels)
        padded = jnp.pad(inputs, [(0, 0), edge, edge, *[(0, 0)] * (inputs.ndim - 3)])
        more = (None,) * (inputs.ndim - 3)
        rows = starts[:, :1] + jnp.arange(inputs.shape[1])[None, :]
        columns = starts[:, 1:] + jnp.arange(inputs.shape[2])[None, :]
        moved = jnp.take_along_axis(padded, rows[(..., None, *more)], axis=1)
        return jnp.take_along_axis(moved, columns[(slice(None), None, slice(None), *more)], axis=2)

    def effect(self, given: Array, output: Array) -> dict[str, Any]:
        after = output.reshape(*output.shape[:3], -1)[..., 0]
        width, flat = after.shape[2], after.reshape(len(after), -1)
        place = (flat > 0).argmax(axis=1)
        number = flat[np.arange(len(flat)), place].astype(int) - 1
        moved = np.concatenate([number // width - place // width, number % width - place % width])
        return {"pixels": int(np.abs(moved[np.tile(number, 2) >= 0]).max(initial=0))}


class Flip(Pixels):
    """Each image mirrored left to right with probability ½."""

    def drawn_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (shape[0], *[1] * (len(shape) - 1))

    def changed(self, inputs: Tensor, draws: Tensor) -> Tensor:
        return jnp.where(draws < 0.5, jnp.flip(inputs, 2), inputs)

    def effect(self, given: Array, output: Array) -> dict[str, Any]:
        before, after = (images.reshape(*images.shape[:3], -1)[..., 0] for images in (given, output))
        return {"share": float((after[:, 0, 0] != before[:, 0, 0]).mean())}


class Cutout(ChanceLayer):
    """A square of `side` pixels about a pixel drawn at random is 0 in each image; it may reach over the edge (DeVries & Taylor
    2017)."""

    def __init__(self, side: int, numbers: Numbers, **kwargs: Any) -> None:
        super().__init__(numbers, **kwargs)
        self.side = side

    def drawn_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape[0], 2

    def changed(self, inputs: Tensor, draws: Tensor) -> Tensor:
        rows, columns = (self._within(draws[:, axis : axis + 1], inputs.shape[axis + 1]) for axis in range(2))
        cut = rows[:, :, None] & columns[:, None, :]
        return jnp.where(cut[..., None] if inputs.ndim == 4 else cut, jnp.zeros_like(inputs), inputs)

    def _within(self, draws: Tensor, length: int) -> Tensor:
        start = (draws * float(length)).astype(jnp.int32) - self.side // 2
        places = jnp.arange(length)[None, :]
        return (places >= start) & (places < start + self.side)

    def effect(self, given: Array, output: Array) -> dict[str, Any]:
        cut = output.reshape(*output.shape[:3], -1)[..., 0] == 0
        return {"pixels": int(max(cut.any(axis=axis).sum(axis=1).max() for axis in (1, 2)))}


class Noise(ChanceLayer):
    """Normal noise of the standard deviation `noise` on values of any shape (Box and Muller 1958)."""

    def drawn_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return 2, *shape

    def changed(self, inputs: Tensor, draws: Tensor) -> Tensor:
        radius = jnp.sqrt(-2.0 * jnp.log(jnp.maximum(draws[0], 1e-7)))
        return inputs + self.numbers["noise"] * radius * jnp.cos(2.0 * np.float32(np.pi) * draws[1])

    def coded(self) -> Array:
        return np.zeros((DRAWN_IMAGES, *self.input.shape[1:]), np.float32)

    def effect(self, given: Array, output: Array) -> dict[str, Any]:
        return {"spread": float(output.std(dtype=np.float64)), "mean": float(output.mean(dtype=np.float64))}
