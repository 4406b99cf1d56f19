"""Layers that draw at every training step: dropout and augmentation. All are the identity outside training.

Each draws from a counter-based generator of its own, keyed by seed and layer name. `algorithm` is "threefry" for a
training compiled with XLA, where it is several hundred times faster on a CPU than the default, and "philox" elsewhere,
where threefry has no kernel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal

import keras
import tensorflow as tf

Algorithm = Literal["threefry", "philox"]


class ChanceLayer(keras.layers.Layer, ABC):
    """A layer with a stream of uniform draws. Shape in = shape out. While `resting`, it is the identity everywhere; what is in
    `given` is taken for its next draws.
    """

    def __init__(self, algorithm: Algorithm, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.algorithm = algorithm
        self.seed = seed
        self.resting = False
        self.given: list[tf.Tensor] = []
        self.seed_generator = keras.random.SeedGenerator(seed)

    def draws(self, shape: Any) -> tf.Tensor:
        """Uniform draws from [0, 1); every call takes the next ones of the stream."""
        # Also where draws are given: a layer that is called again goes on from there.
        counter = self.seed_generator.next()
        return self.given.pop(0) if self.given else self._drawn(counter, shape)

    def coming(self, inputs: tf.Tensor) -> tf.Tensor:
        """The next draws for these inputs, which stay the next."""
        return self._drawn(self.seed_generator.state.value, self.draws_shape(inputs))

    @abstractmethod
    def draws_shape(self, inputs: tf.Tensor) -> Any:
        """The shape of what is drawn for inputs."""

    def _drawn(self, counter: Any, shape: Any) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, tf.cast(counter, tf.int32), alg=self.algorithm)

    def compute_output_shape(self, shape: Any) -> Any:
        return shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "algorithm": self.algorithm, "seed": self.seed}


class Dropout(ChanceLayer):
    """Inverted dropout: units are 0 with probability `rate`, and 1/(1-rate) times as large otherwise.

    Srivastava et al. 2014, whose p is the probability of keeping a unit.
    """

    def __init__(self, rate: float, algorithm: Algorithm, seed: int, **kwargs: Any) -> None:
        super().__init__(algorithm, seed, **kwargs)
        self.rate = rate

    def draws_shape(self, inputs: tf.Tensor) -> Any:
        return tf.shape(inputs)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or self.resting or self.rate == 0:
            return inputs
        kept = tf.cast(self.draws(self.draws_shape(inputs)) >= self.rate, inputs.dtype)
        return inputs * kept / (1.0 - self.rate)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


class SpatialDropout(Dropout):
    """Dropout of whole feature maps: inputs `(batch, height, width, maps)` (Tompson et al. 2015)."""

    def draws_shape(self, inputs: tf.Tensor) -> Any:
        shape = tf.shape(inputs)
        return tf.stack([shape[0], 1, 1, shape[3]])


class Shift(ChanceLayer):
    """Each image moved by up to `pixels` each way, every distance equally likely; what comes in at the edge is 0.

    Images `(batch, height, width)` or `(batch, height, width, channels)`.
    """

    def __init__(self, pixels: int, algorithm: Algorithm, seed: int, **kwargs: Any) -> None:
        super().__init__(algorithm, seed, **kwargs)
        self.pixels = pixels

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or self.resting or self.pixels == 0:
            return inputs
        choices = 2 * self.pixels + 1
        starts = tf.cast(self.draws(self.draws_shape(inputs)) * float(choices), tf.int32)
        edges = [[0, 0], [self.pixels, self.pixels], [self.pixels, self.pixels]]
        padded = tf.pad(inputs, [*edges, *[[0, 0]] * (len(inputs.shape) - 3)])
        rows = starts[:, :1] + tf.range(inputs.shape[1])[None, :]
        columns = starts[:, 1:] + tf.range(inputs.shape[2])[None, :]
        moved = tf.gather(padded, rows, axis=1, batch_dims=1)
        return tf.gather(moved, columns[:, None, :] + tf.zeros_like(rows)[:, :, None], axis=2, batch_dims=2)

    def draws_shape(self, inputs: tf.Tensor) -> Any:
        return tf.stack([tf.shape(inputs)[0], 2])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pixels": self.pixels}


class Flip(ChanceLayer):
    """Each image mirrored left to right with probability ½: `(batch, height, width)`, with or without channels."""

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or self.resting:
            return inputs
        mirrored = self.draws(self.draws_shape(inputs)) < 0.5
        return tf.where(mirrored, tf.reverse(inputs, [2]), inputs)

    def draws_shape(self, inputs: tf.Tensor) -> Any:
        return tf.stack([tf.shape(inputs)[0], *[1] * (len(inputs.shape) - 1)])


class Noise(ChanceLayer):
    """Normal noise of the standard deviation `spread` on values of any shape."""

    def __init__(self, spread: float, algorithm: Algorithm, seed: int, **kwargs: Any) -> None:
        super().__init__(algorithm, seed, **kwargs)
        self.spread = spread

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or self.resting or self.spread == 0:
            return inputs
        return inputs + tf.cast(self.spread * self.draws(self.draws_shape(inputs)), inputs.dtype)

    def draws_shape(self, inputs: tf.Tensor) -> Any:
        return tf.shape(inputs)

    def _drawn(self, counter: Any, shape: Any) -> tf.Tensor:
        return tf.random.stateless_normal(shape, tf.cast(counter, tf.int32), alg=self.algorithm)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "spread": self.spread}


class Cutout(ChanceLayer):
    """A square of `side` pixels about a pixel drawn at random is 0 in each image; it may reach over the edge (DeVries & Taylor
    2017). Images `(batch, height, width)`, with or without channels."""

    def __init__(self, side: int, algorithm: Algorithm, seed: int, **kwargs: Any) -> None:
        super().__init__(algorithm, seed, **kwargs)
        self.side = side

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or self.resting or self.side == 0:
            return inputs
        drawn = self.draws(self.draws_shape(inputs))
        rows, columns = (_within(drawn[:, place : place + 1], inputs.shape[place + 1], self.side) for place in range(2))
        cut = rows[:, :, None] & columns[:, None, :]
        return tf.where(cut[..., None] if len(inputs.shape) == 4 else cut, tf.zeros_like(inputs), inputs)

    def draws_shape(self, inputs: tf.Tensor) -> Any:
        return tf.stack([tf.shape(inputs)[0], 2])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "side": self.side}


def _within(drawn: tf.Tensor, length: int, side: int) -> tf.Tensor:
    """Which of so many places lie within `side` of them about the one that was drawn, `(batch, length)`."""
    start = tf.cast(drawn * float(length), tf.int32) - side // 2
    places = tf.range(length)[None, :]
    return (places >= start) & (places < start + side)
