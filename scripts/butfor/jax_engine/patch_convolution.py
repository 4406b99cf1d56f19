"""A convolution as one product of matrices: of patches of the images, and the kernel.

Side by side, runs have kernels of their own, and XLA makes a grouped convolution of theirs, which takes each run as long as alone
or longer; products of matrices it batches. On an H100 a run and epoch of a small CNN took 58 ms with 5 side by side and 53 with
20, against 107 and 95 by grouped convolutions, and 80 by itself (2026-11-26, by a program of the same kind). On a CPU a step by
patches took XLA twice as long as convolutions take (2026-11-28).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import jax.numpy as jnp
import keras

Tensor: TypeAlias = Any


class Conv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """Keras's layer, which it is but for the order of sums: padded to the size of its input, channels last."""

    def call(self, inputs: Tensor) -> Tensor:
        kernel = jnp.asarray(self.kernel)
        outputs = patches(inputs, self.kernel_size, self.strides) @ kernel.reshape(-1, self.filters)
        return outputs + jnp.asarray(self.bias) if self.use_bias else outputs


def patches(images: Tensor, sides: tuple[int, int], strides: tuple[int, int]) -> Tensor:
    """Of images `(batch, height, width, channels)`, what a kernel of these sides multiplies at each of its places, in the order
    of its weights: `(batch, places down, places across, side · side · channels)`."""
    places, padding = [], []
    for size, side, stride in zip(images.shape[1:3], sides, strides, strict=True):
        count = -(-size // stride)
        more = max((count - 1) * stride + side - size, 0)
        padding.append((more // 2, more - more // 2))
        places.append([slice(first, first + (count - 1) * stride + 1, stride) for first in range(side)])
    padded = jnp.pad(images, ((0, 0), *padding, (0, 0)))
    return jnp.concatenate([padded[:, down, across] for down in places[0] for across in places[1]], axis=-1)
