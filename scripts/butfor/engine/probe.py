"""What a Keras model shows from outside: digests, real draws, losses, and statistics by layer (see training/protocol)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from butfor.data.dataset import Array
from butfor.data.several_inputs import Inputs, mapped
from butfor.engine.answers import Answers
from butfor.engine.batch_mixing import BatchMixing
from butfor.engine.draws import Draws
from butfor.engine.keras_internals import Layer, every_layer, input_names, sources_of
from butfor.engine.layer_outputs import recorded
from butfor.engine.layer_paths import LayerPaths, in_order
from butfor.engine.loops import as_inputs
from butfor.engine.losses import LOGITS
from butfor.engine.random_layers import ChanceLayer
from butfor.engine.variable_names import named
from butfor.fingerprint import digest
from butfor.recipe.tasks import OWN
from butfor.records.layer_statistics import layer_row


class Probe:
    """Reads the layers with kernels of a model, nested ones too, on a fixed batch of images, without dropout and augmentation.

    answers: how its outputs are read. compiled: whether draws are measured under XLA, as a training compiled with it draws them.
    mixing: of the training's batches, whose targets have the shape `target`, if they are mixed. own: whether the model is of the
    user's own, whose layers may add what they like to the loss.
    """

    def __init__(
        self,
        model: keras.Model,
        answers: Answers = LOGITS,
        compiled: bool = False,
        mixing: BatchMixing | None = None,
        target: tuple[int, ...] = (),
        own: bool = True,
    ) -> None:
        self._mixing, self._target = mixing, target
        self._model, self._answers, self._compiled = model, answers, compiled
        every = list(in_order(model))
        self.layers = [layer for layer in every if _has_kernel(layer)]
        self._penalises_activations = own or any(getattr(layer, "activity_regularizer", None) for layer in every)
        paths = LayerPaths(model)
        self._activated = [paths.activated(layer) for layer in self.layers]
        self._names = paths.names

    def initial_digests(self) -> dict[str, dict[str, str]]:
        """Digests of the kernels and biases, and by path of all other weights: those in blocks, embeddings, averages."""
        biased = [layer for layer in self.layers if _has_bias(layer)]
        listed = {id(layer.kernel) for layer in self.layers} | {id(layer.bias) for layer in biased}
        return {
            "weights": {self._names[id(layer)]: digest(layer.kernel.numpy()) for layer in self.layers},
            "biases": {self._names[id(layer)]: digest(layer.bias.numpy()) for layer in biased},
            "others": {name: digest(v.numpy()) for name, v in named(self._model).items() if id(v) not in listed},
        }

    def random_draws(self) -> dict[str, dict[str, Any]]:
        """What dropout and augmentation draw, see Draws, and what mixes batches, see BatchMixing."""
        return {**self._draws.measured(), **(self._mixing.measured(self._target) if self._mixing else {})}

    def draws_taken(self) -> dict[str, int]:
        """How often each of those layers has drawn since the seed was set."""
        return {**self._draws.taken(), **(self._mixing.taken() if self._mixing else {})}

    @cached_property
    def _draws(self) -> Draws:
        return Draws(self._model, self._compiled)

    def statistics(self, images: Inputs, labels: Array, as_trained: bool = False) -> list[dict[str, Any]]:
        """One row per layer with a kernel, from input to logits, for images `(n, *image)`: see layer_row.

        `as_trained`: batch normalisation uses the statistics of these images, as in training, and not those that it
        has gathered, which before the first step are 0 and 1 and normalise nothing.
        """
        with tf.GradientTape() as tape, recorded(self._activated) as outputs:
            outputs_of_all = self._forward(images, as_trained)
            loss = self._plain_loss(outputs_of_all, labels)
        measured = [pair for pair in zip(self.layers, self._activated, strict=True) if id(pair[1]) in outputs]
        gradients = tape.gradient(loss, [layer.kernel.value for layer, _ in measured])
        return [
            layer_row(
                self._names[id(layer)],
                _activation(activated),
                _float32(layer.kernel),
                _float32(layer.bias) if _has_bias(layer) else None,
                _float32(outputs[id(activated)]),
                _float32(gradient) if gradient is not None else None,
            )
            for (layer, activated), gradient in zip(measured, gradients, strict=True)
        ]

    def _plain_loss(self, outputs: tf.Tensor, labels: Array) -> tf.Tensor:
        """The mean of the task's plain loss; of a model with a loss of its own, the mean size of what it gives."""
        if self._answers.task is OWN:
            return tf.add_n([tf.reduce_mean(tf.abs(tf.cast(x, tf.float32))) for x in tf.nest.flatten(outputs)])
        return tf.reduce_mean(self._answers.losses(tf.constant(labels), self._answers.scores(outputs)))

    def _inputs(self, images: Inputs) -> Any:
        """Those of several inputs that the model takes, as it sees them."""
        names = input_names(self._model) if isinstance(images, dict) else None
        return as_inputs(mapped(tf.constant, {name: images[name] for name in names} if names else images))

    def _forward(self, images: Inputs, as_trained: bool) -> tf.Tensor:
        """The outputs."""
        inputs = self._inputs(images)
        if not as_trained:
            return self._model(inputs, training=False)
        drawing = [layer for layer in every_layer(self._model) if isinstance(layer, ChanceLayer)]
        averages = [(variable, variable.numpy()) for variable in self._model.non_trainable_variables]
        for layer in drawing:
            layer.resting = True
        try:
            return self._model(inputs, training=True)
        finally:
            for layer in drawing:
                layer.resting = False
            for variable, value in averages:
                variable.assign(value)

    def first_loss(self, images: Inputs, labels: Array) -> dict[str, float]:
        """Before any step: the loss that training minimises, without penalties (`objective`), the task's `plain` loss, and of
        classes that against a `uniform` label."""
        outputs = self._model(self._inputs(images), training=False)
        plain = float(self._plain_loss(outputs, labels))
        trained = self._model.loss
        losses = {"objective": plain if trained is None else float(trained(labels, outputs)), "plain": plain}
        if not self._answers.task.classes:
            return losses
        logits = self._answers.logits(outputs)
        logarithms = (
            (tf.math.log_sigmoid(logits) + tf.math.log_sigmoid(-logits)) / 2
            if self._answers.independent
            else tf.nn.log_softmax(logits)
        )
        return {**losses, "uniform": float(-tf.reduce_mean(logarithms))}

    def penalties(self, images: Inputs, as_trained: bool = False) -> dict[str, float]:
        """The penalties that would be added for this batch: on kernels, and on activations."""
        if self._penalises_activations:
            self._forward(images, as_trained)
        losses = [float(loss) for loss in self._model.losses]
        penalised = [v for v in self._model.trainable_variables if v.regularizer]
        every = float(sum(losses))
        kernels = every if len(losses) == len(penalised) else float(sum(float(v.regularizer(v)) for v in penalised))
        return {"kernels": kernels, "activations": every - kernels if every != kernels else 0.0}


def _has_kernel(layer: Layer) -> bool:
    kernel = getattr(layer, "kernel", None)
    return isinstance(kernel, keras.Variable) and len(kernel.shape) > 1


def _has_bias(layer: Layer) -> bool:
    return isinstance(getattr(layer, "bias", None), keras.Variable)


def _activation(layer: Layer) -> str:
    """The name of a layer's function; of a layer that tells none, `unknown`."""
    function = getattr(layer, "activation", "unknown")
    return function if isinstance(function, str) else getattr(function, "__name__", type(function).__name__)


def _float32(values: Any) -> Array:
    return np.asarray(tf.cast(tf.convert_to_tensor(values), tf.float32))


def structure(model: keras.Model) -> list[dict[str, Any]]:
    """The layers of a model in order, each followed by those inside it: name, class, output shape without the batch, trainable
    parameters; the names of the layers whose values they take, and where they have them their activation function, a
    normalisation's settings and a precision other than float32."""
    names = LayerPaths(model).names
    return [
        {
            "layer": names[id(layer)],
            "class": type(layer).__name__,
            "shape": _shape(layer),
            "parameters": int(sum(np.prod(variable.shape) for variable in layer.trainable_variables)),
            "inputs": [names.get(id(source), source.name) for source in sources_of(layer)],
            **({"activation": _activation(layer)} if hasattr(layer, "activation") else {}),
            **({"settings": settings} if (settings := _normalises_with(layer)) else {}),
        }
        | ({} if layer.compute_dtype == "float32" else {"precision": layer.dtype_policy.name})
        for layer in in_order(model)
    ]


def _shape(layer: Layer) -> list[int | None]:
    """Without the batch; of a layer that is called more than once, or not by itself, as far as Keras knows it."""
    try:
        return list(layer.output.shape[1:])
    except (AttributeError, ValueError):
        return []


def _normalises_with(layer: keras.layers.Layer) -> dict[str, float]:
    if not isinstance(layer, keras.layers.BatchNormalization | keras.layers.LayerNormalization):
        return {}
    return {key: float(getattr(layer, key)) for key in ("momentum", "epsilon") if hasattr(layer, key)}
