"""Per layer: how its weights and its activations are spread."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from butfor.epoch import as_inputs

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NEAR_ZERO = 1e-3


class Probe:
    """Reads the layers with weights of a model, on a fixed batch of images, in inference mode."""

    def __init__(self, model: keras.Model) -> None:
        self.layers = [layer for layer in model.layers if layer.trainable_weights]
        self._outputs = keras.Model(model.inputs, [layer.output for layer in self.layers])

    def statistics(self, images: npt.NDArray[Any]) -> list[dict[str, Any]]:
        """One row per layer, from input to logits, for images `(n, *image)`: see `spread`."""
        outputs = self._outputs(as_inputs(tf.constant(images)), training=False)
        activations = outputs if isinstance(outputs, list | tuple) else [outputs]
        return [
            {
                "layer": layer.name,
                "activation": getattr(layer.activation, "__name__", "linear"),
                "weights": spread(layer.kernel.numpy()),
                "activations": spread(values.numpy()),
            }
            for layer, values in zip(self.layers, activations, strict=True)
        ]


def spread(values: npt.NDArray[Any]) -> dict[str, Any]:
    """Mean, standard deviation, root mean square, quantiles, and shares of values that are 0, near 0 or saturated.

    Near 0: at most 1e-3 in size. Saturated, for a sigmoid: outside (.05, .95); for tanh: beyond .95 in size.
    """
    flat = values.reshape(-1).astype(np.float64)
    with np.errstate(all="ignore"):
        return {
            "mean": flat.mean(),
            "std": flat.std(),
            "rms": np.sqrt(np.square(flat).mean()),
            "quantiles": np.quantile(flat, QUANTILES),
            "zero": (flat == 0).mean(),
            "near_zero": (np.abs(flat) <= NEAR_ZERO).mean(),
            "saturated_sigmoid": ((flat < 0.05) | (flat > 0.95)).mean(),
            "saturated_tanh": (np.abs(flat) > 0.95).mean(),
        }
