"""What a model shows from outside: spread of weights, activations and gradients by layer, penalties, and real draws."""

from __future__ import annotations

import hashlib
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from butfor.chance_layers import ChanceLayer, Dropout, Shift
from butfor.epoch import as_inputs

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NEAR_ZERO = 1e-3
BINS = 40
MOST_VALUES = 2_000_000  # convolutions have so many activations that sorting them all would take seconds
DRAWN_IMAGES = 256

Array = npt.NDArray[Any]


class Probe:
    """Reads the layers with kernels of a model, on a fixed batch of images, without dropout and augmentation."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self.layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
        by_name = {layer.name: layer for layer in model.layers}
        self._activated = [by_name.get(f"{layer.name}_activation", layer) for layer in self.layers]
        self._outputs = keras.Model(model.inputs, [*[layer.output for layer in self._activated], model.output])

    def statistics(self, images: Array, labels: Array, as_trained: bool = False) -> list[dict[str, Any]]:
        """One row per layer, from input to logits, for images `(n, *image)`: see `spread`.

        `as_trained`: batch normalisation uses the statistics of these images, as in training, and not those that it
        has gathered, which before the first step are 0 and 1 and normalise nothing. `activations` are what leaves the
        layer's activation function; `separation` is their standard deviation over images, averaged over units;
        `gradient` the norm and root mean square of the cross-entropy's gradient.
        """
        kernels = [layer.kernel.value for layer in self.layers]
        with tf.GradientTape() as tape:
            *activations, logits = self._forward(images, as_trained)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(labels, tf.int32), logits)
            cross_entropy = tf.reduce_mean(losses)
        gradients = tape.gradient(cross_entropy, kernels)
        found = zip(self.layers, self._activated, activations, gradients, strict=True)
        return [
            {
                "layer": layer.name,
                "activation": getattr(activated.activation, "__name__", "linear"),
                "shape": list(layer.kernel.shape),
                "weights": {**spread(layer.kernel.numpy()), "largest_norm": _largest_norm(layer.kernel.numpy())},
                "biases": _ends(layer.bias.numpy()) if getattr(layer, "bias", None) is not None else None,
                "activations": {**spread(values.numpy()), "separation": _separation(values.numpy())},
                "gradient": _size(gradient.numpy()) if gradient is not None else None,
            }
            for layer, activated, values, gradient in found
        ]

    def _forward(self, images: Array, as_trained: bool) -> list[tf.Tensor]:
        inputs = as_inputs(tf.constant(images))
        if not as_trained:
            return list(self._outputs(inputs, training=False))
        drawing = [layer for layer in self._model._flatten_layers() if isinstance(layer, ChanceLayer)]
        gathered = [(variable, variable.numpy()) for variable in self._model.non_trainable_variables]
        for layer in drawing:
            layer.resting = True
        try:
            return list(self._outputs(inputs, training=True))
        finally:
            for layer in drawing:
                layer.resting = False
            for variable, value in gathered:
                variable.assign(value)

    def first_loss(self, images: Array, labels: Array) -> dict[str, float]:
        """Before any step, in nats: the loss that training minimises, without penalties (`objective`), the plain
        `cross_entropy`, and that against a `uniform` label."""
        logits = self._model(as_inputs(tf.constant(images)), training=False)
        plain = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(labels, tf.int32), logits)
        return {
            "objective": float(self._model.loss(labels, logits)),
            "cross_entropy": float(tf.reduce_mean(plain)),
            "uniform": float(-tf.reduce_mean(tf.nn.log_softmax(logits))),
        }

    def penalties(self, images: Array) -> dict[str, float]:
        """The penalties as training would add them for this batch: on kernels, and on activations."""
        self._model(as_inputs(tf.constant(images)), training=False)
        every = float(sum(float(loss) for loss in self._model.losses))
        kernels = float(sum(float(v.regularizer(v)) for v in self._model.trainable_variables if v.regularizer))
        return {"kernels": kernels, "activations": every - kernels if every != kernels else 0.0}


class Draws:
    """What a model's dropout and augmentation really draw, and the layers' streams left as they were."""

    def __init__(self, model: keras.Model, compiled: bool) -> None:
        self._layers = [layer for layer in model._flatten_layers() if isinstance(layer, ChanceLayer)]
        self._inputs = [_coded(layer) for layer in self._layers]

        def run() -> list[tf.Tensor]:
            return [layer(x, training=True) for layer, x in zip(self._layers, self._inputs, strict=True)]

        self._run = tf.function(run, jit_compile=compiled)

    def measured(self) -> dict[str, dict[str, Any]]:
        """Per layer: its class, a digest of what it drew for 256 images, and the share of units dropped, the pixels
        moved at most, or the share of images flipped."""
        if not self._layers:
            return {}
        states = [layer.seed_generator.state.numpy() for layer in self._layers]
        outputs = [output.numpy() for output in self._run()]
        for layer, state in zip(self._layers, states, strict=True):
            layer.seed_generator.state.assign(state)
        return {
            layer.name: {
                "class": type(layer).__name__,
                "digest": digest(output),
                **_drawn(layer, given.numpy(), output),
            }
            for layer, given, output in zip(self._layers, self._inputs, outputs, strict=True)
        }


def structure(model: keras.Model) -> list[dict[str, Any]]:
    """The layers of a model in order: name, class, output shape without the batch, trainable parameters."""
    return [
        {
            "layer": layer.name,
            "class": type(layer).__name__,
            "shape": list(layer.output.shape[1:]),
            "parameters": int(sum(np.prod(variable.shape) for variable in layer.trainable_variables)),
        }
        for layer in model.layers
    ]


def spread(values: Array) -> dict[str, Any]:
    """Mean, standard deviation, root mean square, mean size, quantiles, histogram, and shares of values that are 0,
    near 0 or saturated.

    The moments are of all values; of more than two million, the rest are of the first rows up to that many. Near 0: at
    most 1e-3 in size. Saturated, for a sigmoid: outside (.05, .95); for tanh: beyond .95 in size.
    """
    every = values.reshape(-1)
    flat = _some(values).reshape(-1).astype(np.float64)
    with np.errstate(all="ignore"):
        return {
            "mean": every.mean(dtype=np.float64),
            "std": every.std(dtype=np.float64),
            "rms": np.sqrt(np.square(every, dtype=np.float64).mean()),
            "mean_abs": np.abs(every).mean(dtype=np.float64),
            "quantiles": np.quantile(flat, QUANTILES),
            "histogram": _histogram(flat),
            "zero": (flat == 0).mean(),
            "near_zero": (np.abs(flat) <= NEAR_ZERO).mean(),
            "saturated_sigmoid": ((flat < 0.05) | (flat > 0.95)).mean(),
            "saturated_tanh": (np.abs(flat) > 0.95).mean(),
        }


def digest(array: Array) -> str:
    """16 hexadecimal digits that stand for an array's bytes."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def _histogram(flat: Array) -> dict[str, Any]:
    """Counts in bins of equal width from the smallest to the largest finite value."""
    finite = flat[np.isfinite(flat)]
    if not len(finite) or not np.isfinite(finite.max() - finite.min()):
        return {"low": 0.0, "high": 0.0, "counts": []}
    counts, edges = np.histogram(finite, BINS)
    return {"low": edges[0], "high": edges[-1], "counts": counts}


def _some(values: Array) -> Array:
    return values[: max(1, MOST_VALUES // max(1, values[0].size))]


def _separation(values: Array) -> float:
    with np.errstate(all="ignore"):
        return float(_some(values).astype(np.float64).std(axis=0).mean())


def _largest_norm(kernel: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.square(kernel.astype(np.float64)).sum(axis=tuple(range(kernel.ndim - 1))).max()))


def _ends(values: Array) -> dict[str, float]:
    return {
        "mean": float(values.mean()),
        "std": float(values.std()),
        "low": float(values.min()),
        "high": float(values.max()),
    }


def _size(gradient: Array) -> dict[str, float]:
    with np.errstate(all="ignore"):
        norm = float(np.sqrt(np.square(gradient.astype(np.float64)).sum()))
    return {"norm": norm, "rms": norm / float(np.sqrt(gradient.size))}


def _coded(layer: ChanceLayer) -> tf.Tensor:
    """Inputs that tell what a layer does: ones for dropout, and for augmentation every pixel its own number from 1."""
    shape = (DRAWN_IMAGES, *layer.input.shape[1:])
    if isinstance(layer, Dropout):
        return tf.ones(shape)
    code = np.arange(1, shape[1] * shape[2] + 1, dtype=np.float32).reshape(shape[1], shape[2], *[1] * (len(shape) - 3))
    return tf.constant(np.broadcast_to(code, shape))


def _drawn(layer: ChanceLayer, given: Array, output: Array) -> dict[str, Any]:
    if isinstance(layer, Dropout):
        return {"share": float((output == 0).mean()), "scale": float(output.max())}
    before, after = (images.reshape(*images.shape[:3], -1)[..., 0] for images in (given, output))
    if isinstance(layer, Shift):
        row, column = before.shape[1] // 2, before.shape[2] // 2
        seen = after[:, row, column]
        kept = seen[seen > 0].astype(int) - 1
        moved = np.concatenate([kept // before.shape[2] - row, kept % before.shape[2] - column])
        return {"pixels": int(np.abs(moved).max(initial=0))}
    return {"share": float((after[:, 0, 0] != before[:, 0, 0]).mean())}
