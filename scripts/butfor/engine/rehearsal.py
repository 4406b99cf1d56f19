"""The loss and the gradients that lead to a step of training, worked out eagerly, apart from the loop that takes the step.

Draws of dropout and augmentation are those that the step will take, since another generator draws under XLA than outside.
"""

from __future__ import annotations

import logging
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from butfor.data.dataset import Array
from butfor.data.several_inputs import Inputs, mapped
from butfor.engine.batch_mixing import BatchMixing
from butfor.engine.example_weights import ExampleWeights
from butfor.engine.keras_internals import every_layer, moments
from butfor.engine.loops import as_inputs
from butfor.engine.losses import SmoothedCrossEntropy, TaskLoss, is_worked_out_by
from butfor.engine.random_layers import ChanceLayer
from butfor.engine.step_graph import StepGraph
from butfor.engine.variable_names import named
from butfor.training.protocol import TrialStep, TriedVariable

Recipe = dict[str, Any]
log = logging.getLogger(__name__)
Rehearsed = tuple[float | None, dict[str, Array | None], str]
LOSSES = (SmoothedCrossEntropy, TaskLoss, keras.losses.SparseCategoricalCrossentropy)


class Rehearsal:
    """Rehearses steps of a compiled model. drawn_by_xla: whether its training draws under XLA. graph: of a user's own model.
    weights: what examples count in the loss, if they differ. mixing: of its batches, if they are mixed."""

    def __init__(
        self,
        model: keras.Model,
        recipe: Recipe,
        drawn_by_xla: bool,
        graph: StepGraph | None = None,
        weights: ExampleWeights | None = None,
        mixing: BatchMixing | None = None,
    ) -> None:
        self._model, self._recipe, self._drawn_by_xla, self._graph = model, recipe, drawn_by_xla, graph
        self._weights, self._mixing = weights, mixing
        self._drawing = [layer for layer in every_layer(model) if isinstance(layer, ChanceLayer)]
        shapes = [layer.input.shape[1:] for layer in self._drawing]

        def coming(batch: tf.Tensor) -> list[tf.Tensor]:
            inputs = [tf.zeros(tf.concat([[batch], list(shape)], 0)) for shape in shapes]
            return [layer.coming(x) for layer, x in zip(self._drawing, inputs, strict=True)]

        self._coming = tf.function(coming, jit_compile=True, autograph=False) if drawn_by_xla else coming
        self._names = named(model)

    def gradients(self, rows: Array, images: Inputs, labels: Array) -> Rehearsed:
        """The loss of the batch in some rows (see TrialStep) and its gradient by variable, everything left as it was; or why
        there are none."""
        if reason := self._unknown():
            return None, {}, reason
        kept = [(variable, variable.numpy()) for variable in self._model.variables]
        try:
            loss, gradients = self._rehearsed(rows, mapped(tf.constant, images), labels)
            partial = self._recipe["clipping"]["name"] == "global_norm" and any(g is None for g in gradients.values())
            return (None, {}, "not every gradient is known") if partial else (loss, gradients, "")
        except Exception as failure:  # a layer of the user's that cannot run outside a compiled loop
            if not self._graph:
                raise
            log.info("The trial step is not worked out apart: %s: %s", type(failure).__name__, failure)
            # The name alone, so that a repeated training leaves the same record.
            return None, {}, f"its layers cannot be rehearsed: {type(failure).__name__}"
        finally:
            for layer in self._drawing:
                layer.given = []
            for variable, value in kept:
                variable.assign(value)

    def step(self, before: dict[str, Array], rehearsed: Rehearsed, objective: float) -> TrialStep:
        """The step that has just been taken. before: the trainable variables as they were."""
        loss, gradients, unknown = rehearsed
        held = moments(self._model.optimizer)
        trained = {name: v for name, v in self._names.items() if name in before}
        variables = {
            name: TriedVariable(
                before[name],
                v.numpy(),
                gradients.get(name),
                {kind: values[place].numpy() for kind, values in held.items()},
                type(v.constraint).__name__ if getattr(v, "constraint", None) is not None else "",
            )
            for place, (name, v) in enumerate(trained.items())
        }
        averages = {name: v.numpy() for name, v in self._names.items() if name not in before}
        return TrialStep(objective, loss, unknown, precision(self._model), variables, averages)

    def trainable(self) -> dict[str, Array]:
        """The trainable variables, by name."""
        chosen = set(map(id, self._model.trainable_variables))
        return {name: variable.numpy() for name, variable in self._names.items() if id(variable) in chosen}

    def _rehearsed(self, rows: Array, images: Any, labels: Array) -> tuple[float, dict[str, Array | None]]:
        inputs, weights = as_inputs(images), self._weights(rows, labels) if self._weights else None
        targets = tf.constant(labels)
        if self._mixing:
            coming = self._mixing.coming(tf.constant(len(labels)))
            inputs, targets, weights = self._mixing.mixed(coming, inputs, targets, weights)
        for layer, draws in zip(self._drawing, self._coming(tf.constant(len(labels))), strict=True):
            layer.given = [draws]
        trainable = self.trainable()
        names = [name for name in self._names if name in trainable]
        values = [self._names[name].value for name in names]
        with tf.GradientTape() as tape:
            outputs = tf.cast(self._model(inputs, training=True), tf.float32)
            loss = self._loss(outputs, targets, weights) + self._penalties()
        gradients = [_dense(g) for g in tape.gradient(loss, values)]
        return float(loss), dict(zip(names, gradients, strict=True))

    def _loss(self, outputs: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
        if isinstance(self._model.loss, TaskLoss):
            return self._model.loss(targets, outputs, weights)
        losses = self._cross_entropies(outputs, targets)
        return tf.reduce_mean(losses if weights is None else losses * weights)

    def _cross_entropies(self, logits: tf.Tensor, labels: Array) -> tf.Tensor:
        share, classes = self._recipe["label_smoothing"], logits.shape[-1]
        target = np.eye(classes, dtype=np.float32)[np.asarray(labels).reshape(-1).astype(int)]
        mixed = (1.0 - share) * target + share / classes
        return -tf.reduce_sum(mixed * tf.nn.log_softmax(logits), axis=-1)

    def _penalties(self) -> Any:
        """Those of the last call: all, or of a built-in model those on activations."""
        if self._graph:
            return tf.add_n(self._model.losses) if self._model.losses else 0.0
        if not (self._recipe["activity_l1"] or self._recipe["activity_l2"]):
            return 0.0
        kernels = [v.regularizer(v) for v in self._model.trainable_variables if v.regularizer]
        return tf.add_n(self._model.losses) - (tf.add_n(kernels) if kernels else 0.0)

    def _unknown(self) -> str:
        model = self._model
        if is_worked_out_by(model):
            return "it has a train_step or a compute_loss of its own"
        if not isinstance(model.loss, LOSSES):
            return "it has a loss of its own"
        if hasattr(model.optimizer, "inner_optimizer"):
            return "its loss is scaled for float16, which may skip a step"
        if self._graph and self._graph.hides:
            return "it keeps something that Keras does not know"
        return "it draws by itself" if self._graph and self._graph.draws and self._drawn_by_xla else ""


def _dense(gradient: Any) -> Array | None:
    """A gradient as an array; None where there is none, and where it is that of the rows of an embedding: of a row that occurs
    twice in a batch, Keras's optimisers square the parts and not the sum."""
    return None if gradient is None or isinstance(gradient, tf.IndexedSlices) else gradient.numpy()


def precision(model: keras.Model) -> str:
    """Of a model's arithmetic: float32, tf32 where a GPU may round so, or Keras's name of a mixed one."""
    policies = {layer.dtype_policy.name for layer in every_layer(model)}
    if mixed := sorted(policies - {"float32"}):
        return str(mixed[0])
    gpu = tf.config.list_physical_devices("GPU") and tf.config.experimental.tensor_float_32_execution_enabled()
    return "tf32" if gpu else "float32"
