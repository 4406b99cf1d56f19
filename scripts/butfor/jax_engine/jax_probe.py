"""What a model on JAX shows from outside (see training/protocol)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from butfor.data.dataset import Array
from butfor.engine.keras_internals import every_layer
from butfor.engine.variable_names import named
from butfor.fingerprint import digest
from butfor.jax_engine.probe_views import ProbeViews
from butfor.jax_engine.training_program import State
from butfor.records.layer_statistics import layer_row


class JaxProbe:
    """Reads a program's model with the state of a run. now: gives the state, and the run's own numbers."""

    def __init__(self, views: ProbeViews, now: Callable[[], tuple[State, dict[str, Any]]]) -> None:
        self._views, self._program, self._model, self._now = views, views.program, views.program.model, now

    def initial_digests(self) -> dict[str, dict[str, str]]:
        """Digests of the kernels and biases, and by path of all other weights."""
        values = self._values()
        biased = [layer for layer in self._views.layers if layer.bias is not None]
        listed = {id(layer.kernel) for layer in self._views.layers} | {id(layer.bias) for layer in biased}
        return {
            "weights": {layer.name: digest(values[id(layer.kernel)]) for layer in self._views.layers},
            "biases": {layer.name: digest(values[id(layer.bias)]) for layer in biased},
            "others": {name: digest(values[id(v)]) for name, v in named(self._model).items() if id(v) not in listed},
        }

    def _values(self) -> dict[int, Array]:
        """The value of every variable of the model, by its id."""
        state, _ = self._now()
        pairs = zip(self._model.trainable_variables, self._program.predicting(state), strict=True)
        others = zip(self._model.non_trainable_variables, state.others, strict=True)
        return {id(variable): np.asarray(value) for variable, value in [*pairs, *others]}

    def random_draws(self) -> dict[str, dict[str, Any]]:
        """What dropout and augmentation draw for 256 examples, and next."""
        if not self._views.drawing:
            return {}
        coded = [layer.coded() for layer in self._views.drawing]
        values, (_, numbers) = self._values(), self._now()
        streams = [values[id(layer.seed_generator.state)] for layer in self._views.drawing]
        first, then = (
            [
                np.asarray(x)
                for x in self._views.drawn(
                    coded, [stream + np.array([0, after], np.uint32) for stream in streams], numbers
                )
            ]
            for after in range(2)
        )
        return {
            layer.name: {
                "class": type(layer).__name__,
                "shape": list(output.shape[1:]),
                "digest": digest(output),
                "next": digest(following),
                **layer.effect(given, output),
            }
            for layer, given, output, following in zip(self._views.drawing, coded, first, then, strict=True)
        }

    def draws_taken(self) -> dict[str, int]:
        """How often each of those layers has drawn since the seed was set."""
        values = self._values()
        return {layer.name: int(values[id(layer.seed_generator.state)][1]) for layer in self._views.drawing}

    def first_loss(self, images: Any, labels: Array) -> dict[str, float]:
        """Before any step: the loss that training minimises, without penalties, the task's plain loss, that against a uniform
        label."""
        state, numbers = self._now()
        return {key: float(value) for key, value in self._views.first_loss(state, numbers, images, labels).items()}

    def penalties(self, images: Any, as_trained: bool = False) -> dict[str, float]:
        """The penalties that would be added for this batch: on kernels, and on activations."""
        state, numbers = self._now()
        every, kernels = map(float, self._views.penalties[as_trained](state, numbers, images))
        return {"kernels": kernels, "activations": every - kernels if every != kernels else 0.0}

    def statistics(self, images: Any, labels: Array, as_trained: bool = False) -> list[dict[str, Any]]:
        """One row per layer with a kernel, from input to logits, see layer_row."""
        state, _ = self._now()
        outputs, gradients = self._views.statistics[as_trained](state, images, labels)
        values = self._values()
        return [
            layer_row(
                layer.name,
                getattr(activated.activation, "__name__", ""),
                values[id(layer.kernel)],
                values[id(layer.bias)] if layer.bias is not None else None,
                np.asarray(output),
                np.asarray(gradients[place]),
            )
            for layer, activated, output, place in zip(
                self._views.layers, self._views.activated, outputs, self._views.kernels, strict=True
            )
        ]


def structure(model: keras.Model) -> list[dict[str, Any]]:
    """The layers of a model in order (see Engine.structure)."""
    return [
        {
            "layer": layer.name,
            "class": type(layer).__name__,
            "shape": list(layer.output.shape[1:]),
            "parameters": int(sum(np.prod(variable.shape) for variable in layer.trainable_variables)),
            "inputs": [node.operation.name for node in layer._inbound_nodes[0].parent_nodes],
            **({"activation": layer.activation.__name__} if hasattr(layer, "activation") else {}),
            **({"settings": settings} if (settings := _normalises_with(layer)) else {}),
        }
        for layer in every_layer(model)
        if layer is not model
    ]


def _normalises_with(layer: Any) -> dict[str, float]:
    if not isinstance(layer, keras.layers.BatchNormalization | keras.layers.LayerNormalization):
        return {}
    return {key: float(getattr(layer, key)) for key in ("momentum", "epsilon") if hasattr(layer, key)}
