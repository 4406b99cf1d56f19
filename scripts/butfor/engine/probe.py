"""What a Keras model shows from outside: digests, real draws, losses, and statistics by layer (see training/protocol)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from butfor.data.dataset import Array
from butfor.engine.draws import Draws
from butfor.engine.keras_internals import every_layer
from butfor.engine.loops import as_inputs
from butfor.engine.random_layers import ChanceLayer
from butfor.fingerprint import digest
from butfor.records.layer_statistics import layer_row


class Probe:
    """Reads the layers with kernels of a model, on a fixed batch of images, without dropout and augmentation.

    compiled: whether draws are measured under XLA, as a training compiled with it draws them.
    """

    def __init__(self, model: keras.Model, compiled: bool = False) -> None:
        self._model, self._compiled = model, compiled
        self.layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
        by_name = {layer.name: layer for layer in model.layers}
        self._activated = [by_name.get(f"{layer.name}_activation", layer) for layer in self.layers]
        self._outputs = keras.Model(model.inputs, [*[layer.output for layer in self._activated], model.output])

    def initial_digests(self) -> dict[str, dict[str, str]]:
        """Digests of the kernels and biases."""
        biased = [layer for layer in self.layers if getattr(layer, "bias", None) is not None]
        return {
            "weights": {layer.name: digest(layer.kernel.numpy()) for layer in self.layers},
            "biases": {layer.name: digest(layer.bias.numpy()) for layer in biased},
        }

    def random_draws(self) -> dict[str, dict[str, Any]]:
        """What dropout and augmentation draw, see Draws."""
        return self._draws.measured()

    @cached_property
    def _draws(self) -> Draws:
        return Draws(self._model, self._compiled)

    def statistics(self, images: Array, labels: Array, as_trained: bool = False) -> list[dict[str, Any]]:
        """One row per layer with a kernel, from input to logits, for images `(n, *image)`: see layer_row.

        `as_trained`: batch normalisation uses the statistics of these images, as in training, and not those that it
        has gathered, which before the first step are 0 and 1 and normalise nothing.
        """
        kernels = [layer.kernel.value for layer in self.layers]
        with tf.GradientTape() as tape:
            *activations, logits = self._forward(images, as_trained)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(labels, tf.int32), logits)
            cross_entropy = tf.reduce_mean(losses)
        gradients = tape.gradient(cross_entropy, kernels)
        measured = zip(self.layers, self._activated, activations, gradients, strict=True)
        return [
            layer_row(
                layer.name,
                getattr(activated.activation, "__name__", "linear"),
                layer.kernel.numpy(),
                layer.bias.numpy() if getattr(layer, "bias", None) is not None else None,
                values.numpy(),
                gradient.numpy() if gradient is not None else None,
            )
            for layer, activated, values, gradient in measured
        ]

    def _forward(self, images: Array, as_trained: bool) -> list[tf.Tensor]:
        inputs = as_inputs(tf.constant(images))
        if not as_trained:
            return list(self._outputs(inputs, training=False))
        drawing = [layer for layer in every_layer(self._model) if isinstance(layer, ChanceLayer)]
        averages = [(variable, variable.numpy()) for variable in self._model.non_trainable_variables]
        for layer in drawing:
            layer.resting = True
        try:
            return list(self._outputs(inputs, training=True))
        finally:
            for layer in drawing:
                layer.resting = False
            for variable, value in averages:
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
