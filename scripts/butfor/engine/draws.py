"""What a model's dropout and augmentation really draw."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from butfor.data.dataset import Array
from butfor.engine.keras_internals import every_layer
from butfor.engine.random_layers import ChanceLayer, Cutout, Dropout, Noise, Shift
from butfor.engine.resampled_layers import Resampled, Rotation
from butfor.fingerprint import digest
from butfor.records.layer_statistics import DRAWN_IMAGES

SIDE = 33  # pixels; odd, so that one is the centre


class Draws:
    """What a model's dropout and augmentation really draw, and the layers' streams left as they were."""

    def __init__(self, model: keras.Model, compiled: bool) -> None:
        self._layers = [layer for layer in every_layer(model) if isinstance(layer, ChanceLayer)]
        self._inputs = [_coded(layer) for layer in self._layers]

        def run() -> list[tf.Tensor]:
            return [layer(x, training=True) for layer, x in zip(self._layers, self._inputs, strict=True)]

        self._run = tf.function(run, jit_compile=compiled, autograph=False)

    def measured(self) -> dict[str, dict[str, Any]]:
        """Per layer: its class and shape, a digest of what it drew for 256 images, one of what it drew `next`, and the share
        of units dropped, the pixels moved at most, the share of images flipped, or what else it does (see _drawn)."""
        if not self._layers:
            return {}
        states = [layer.seed_generator.state.numpy() for layer in self._layers]
        outputs = [output.numpy() for output in self._run()]
        following = [output.numpy() for output in self._run()]
        for layer, state in zip(self._layers, states, strict=True):
            layer.seed_generator.state.assign(state)
        return {
            layer.name: {
                "class": type(layer).__name__,
                "shape": list(output.shape[1:]),
                "digest": digest(output),
                "next": digest(then),
                **_drawn(layer, given.numpy(), output),
            }
            for layer, given, output, then in zip(self._layers, self._inputs, outputs, following, strict=True)
        }

    def taken(self) -> dict[str, int]:
        """How often each layer has drawn since its seed was set."""
        return {layer.name: int(layer.seed_generator.state.numpy()[1]) for layer in self._layers}


def _coded(layer: ChanceLayer) -> tf.Tensor:
    """Inputs that tell what a layer does: ones for dropout and cutout, zeros for noise, larger images that rise from left to
    right for what turns or stretches them, and for other augmentation every pixel its own number from 1."""
    shape = (DRAWN_IMAGES, *layer.input.shape[1:])
    if isinstance(layer, Dropout | Cutout | Noise):
        return tf.fill(shape, 0.0 if isinstance(layer, Noise) else 1.0)
    if isinstance(layer, Resampled):
        return tf.constant(np.broadcast_to(np.arange(SIDE, dtype=np.float32), (DRAWN_IMAGES, SIDE, SIDE)))
    code = np.arange(1, shape[1] * shape[2] + 1, dtype=np.float32).reshape(shape[1], shape[2], *[1] * (len(shape) - 3))
    return tf.constant(np.broadcast_to(code, shape))


def _largest_shift(after: Array) -> int:
    """How far images of numbered pixels were moved at most, by any pixel of each that is still to be seen."""
    width = after.shape[2]
    flat = after.reshape(len(after), -1)
    place = (flat > 0).argmax(axis=1)
    number = flat[np.arange(len(flat)), place].astype(int) - 1
    moved = np.concatenate([number // width - place // width, number % width - place % width])
    return int(np.abs(moved[np.tile(number, 2) >= 0]).max(initial=0))


def _turned(layer: Resampled, after: Array) -> dict[str, Any]:
    """How far images that rise from left to right by 1 were turned at most, in degrees, or stretched, as a share; by how they
    rise about their centre."""
    half = SIDE // 2
    across = after[:, half, half + 1] - after[:, half, half]
    down = after[:, half + 1, half] - after[:, half, half]
    if isinstance(layer, Rotation):
        return {"degrees": float(np.degrees(np.abs(np.arctan2(down, across))).max())}
    return {"stretch": float(np.abs(1 / across - 1).max())}


def _drawn(layer: ChanceLayer, given: Array, output: Array) -> dict[str, Any]:
    if isinstance(layer, Dropout):
        return {"share": float((output == 0).mean()), "scale": float(output.max())}
    if isinstance(layer, Noise):
        return {"spread": float(output.std(dtype=np.float64)), "mean": float(output.mean(dtype=np.float64))}
    if isinstance(layer, Resampled):
        return _turned(layer, output)
    if isinstance(layer, Cutout):
        cut = output.reshape(*output.shape[:3], -1)[..., 0] == 0
        return {"pixels": int(max(cut.any(axis=axis).sum(axis=1).max() for axis in (1, 2)))}
    before, after = (images.reshape(*images.shape[:3], -1)[..., 0] for images in (given, output))
    if isinstance(layer, Shift):
        return {"pixels": _largest_shift(after)}
    return {"share": float((after[:, 0, 0] != before[:, 0, 0]).mean())}
