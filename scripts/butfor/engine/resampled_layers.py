"""Layers that turn or stretch images at random in training, by values between pixels; what comes in at the edge is 0.

Worked out by gathering, since what Keras's own layers do it by is nothing that XLA can compile.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import tensorflow as tf

from butfor.engine.random_layers import Algorithm, ChanceLayer


class Resampled(ChanceLayer):
    """Each image taken from other places about its centre: `(batch, height, width)`, with or without channels. `most`: how far
    at most, each way, every one equally likely."""

    def __init__(self, most: float, algorithm: Algorithm, seed: int, **kwargs: Any) -> None:
        super().__init__(algorithm, seed, **kwargs)
        self.most = most

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or self.resting or self.most == 0:
            return inputs
        chosen = self.most * (2.0 * self.draws(self.draws_shape(inputs)) - 1.0)
        rows, columns = (tf.range(size, dtype=tf.float32) - (size - 1) / 2 for size in inputs.shape[1:3])
        return _taken(inputs, *self.places(chosen, rows[None, :, None], columns[None, None, :]))

    @abstractmethod
    def places(self, chosen: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Where a pixel's value is taken from, `(batch, height, width)` each, as it was drawn for each image, `(batch, 1, 1)`;
        rows and columns from the centre."""

    def draws_shape(self, inputs: tf.Tensor) -> Any:
        return tf.stack([tf.shape(inputs)[0], 1, 1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "most": self.most}


class Rotation(Resampled):
    """Turned by up to `most` degrees."""

    def places(self, chosen: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        angle = chosen * (math.pi / 180.0)
        sine, cosine = tf.sin(angle), tf.cos(angle)
        return cosine * rows + sine * columns, cosine * columns - sine * rows


class Zoom(Resampled):
    """Made larger or smaller by up to the share `most`, alike both ways."""

    def places(self, chosen: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        factor = 1.0 + chosen
        return (rows + tf.zeros_like(columns)) / factor, (columns + tf.zeros_like(rows)) / factor


def _taken(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """The values of images at places `(batch, height, width)` from their centre, between the nearest four pixels."""
    height, width = images.shape[1:3]
    rows, columns = rows + (height - 1) / 2, columns + (width - 1) / 2
    top, left = tf.floor(rows), tf.floor(columns)
    below, right = (tf.cast(share, images.dtype) for share in (rows - top, columns - left))
    flat = tf.reshape(images, [-1, height * width, *images.shape[3:]])

    def pixel(row: tf.Tensor, column: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        place = tf.clip_by_value(row, 0, height - 1) * width + tf.clip_by_value(column, 0, width - 1)
        values = tf.gather(flat, tf.cast(place, tf.int32), axis=1, batch_dims=1)
        weight = tf.where(inside, share, tf.zeros_like(share))
        return values * (weight[..., None] if len(images.shape) == 4 else weight)

    return (
        pixel(top, left, (1 - below) * (1 - right))
        + pixel(top, left + 1, (1 - below) * right)
        + pixel(top + 1, left, below * (1 - right))
        + pixel(top + 1, left + 1, below * right)
    )
