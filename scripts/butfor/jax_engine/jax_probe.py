"""What a model on JAX shows from outside, each view one compiled call (see training/protocol)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import keras
import numpy as np

from butfor.data.dataset import Array
from butfor.engine.keras_internals import every_layer
from butfor.engine.variable_names import named
from butfor.fingerprint import digest
from butfor.jax_engine.chance_layers import ChanceLayer
from butfor.jax_engine.jax_device import compiled
from butfor.jax_engine.training_program import Program, State, as_inputs
from butfor.records.layer_statistics import layer_row

Tensor: TypeAlias = Any


class JaxProbe:
    """Reads a program's model with the state of a run. now: gives the state, and the run's own numbers."""

    def __init__(self, program: Program, now: Callable[[], tuple[State, dict[str, Any]]]) -> None:
        self._program, self._model, self._now = program, program.model, now
        self._layers = [layer for layer in self._model.layers if hasattr(layer, "kernel")]
        by_name = {layer.name: layer for layer in self._model.layers}
        self._activated = [by_name.get(f"{layer.name}_activation", layer) for layer in self._layers]
        outputs = [layer.output for layer in self._activated]
        self._observed = keras.Model(self._model.inputs, [*outputs, self._model.output])
        self._drawing = [layer for layer in self._model.layers if isinstance(layer, ChanceLayer)]
        self._places = {id(v): n for n, v in enumerate(self._model.trainable_variables)}
        self._kernels = [self._places[id(layer.kernel)] for layer in self._layers]

    def show(self, now: Callable[[], tuple[State, dict[str, Any]]]) -> None:
        """Read another run's state and numbers from now on."""
        self._now = now

    def initial_digests(self) -> dict[str, dict[str, str]]:
        """Digests of the kernels and biases, and by path of all other weights."""
        values = self._values()
        biased = [layer for layer in self._layers if layer.bias is not None]
        listed = {id(layer.kernel) for layer in self._layers} | {id(layer.bias) for layer in biased}
        return {
            "weights": {layer.name: digest(values[id(layer.kernel)]) for layer in self._layers},
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
        if not self._drawing:
            return {}
        coded = [layer.coded() for layer in self._drawing]
        values, (_, numbers) = self._values(), self._now()
        streams = [values[id(layer.seed_generator.state)] for layer in self._drawing]
        first, then = (
            [
                np.asarray(x)
                for x in self._drawn(coded, [stream + np.array([0, after], np.uint32) for stream in streams], numbers)
            ]
            for after in range(2)
        )
        return {
            layer.name: {
                "class": type(layer).__name__,
                "shape": list(output.shape[1:]),
                "digest": digest(output),
                "next": digest(following),
                **layer.told(given, output),
            }
            for layer, given, output, following in zip(self._drawing, coded, first, then, strict=True)
        }

    @cached_property
    def _drawn(self) -> Any:
        def run(inputs: list[Tensor], streams: list[Tensor], numbers: dict[str, Tensor]) -> list[Tensor]:
            states = [layer.seed_generator.state for layer in self._drawing]
            with (
                self._program.numbers.given(numbers),
                keras.StatelessScope(list(zip(states, streams, strict=True))),
            ):
                return [layer(x, training=True) for layer, x in zip(self._drawing, inputs, strict=True)]

        return compiled(run)

    def draws_taken(self) -> dict[str, int]:
        """How often each of those layers has drawn since the seed was set."""
        values = self._values()
        return {layer.name: int(values[id(layer.seed_generator.state)][1]) for layer in self._drawing}

    def first_loss(self, images: Any, labels: Array) -> dict[str, float]:
        """Before any step: the loss that training minimises, without penalties, the task's plain loss, that against a uniform
        label."""
        state, numbers = self._now()
        return {key: float(value) for key, value in self._first_loss(state, numbers, images, labels).items()}

    @cached_property
    def _first_loss(self) -> Any:
        objective = self._program.objective

        def run(state: State, numbers: dict[str, Tensor], images: Tensor, labels: Tensor) -> dict[str, Tensor]:
            trained = self._program.predicting(state)
            outputs, _ = self._model.stateless_call(trained, state.others, as_inputs(images), training=False)
            with self._program.numbers.given(numbers):
                told = {"objective": jnp.mean(objective.trained(labels, outputs))}
            told["plain"] = jnp.mean(objective.plain(labels, objective.scores(outputs)))
            return told | ({"uniform": objective.against_uniform(outputs)} if objective.task.classes else {})

        return compiled(run)

    def penalties(self, images: Any, as_trained: bool = False) -> dict[str, float]:
        """The penalties that would be added for this batch: on kernels, and on activations."""
        state, numbers = self._now()
        every, kernels = map(float, self._penalties[as_trained](state, numbers, images))
        return {"kernels": kernels, "activations": every - kernels if every != kernels else 0.0}

    @cached_property
    def _penalties(self) -> list[Any]:
        def run(as_trained: bool, state: State, numbers: dict[str, Tensor], images: Tensor) -> tuple[Tensor, Tensor]:
            with self._program.numbers.given(numbers):
                trained = self._program.predicting(state)
                every = self._called(trained, state, images, as_trained, return_losses=True)[2]
                penalised = [
                    (layer.kernel_regularizer, place) for layer, place in zip(self._layers, self._kernels, strict=True)
                ]
                kernels = [penalty(trained[place]) for penalty, place in penalised if penalty]
                return sum(every, jnp.float32(0.0)), sum(kernels, jnp.float32(0.0))

        return [compiled(lambda *given, way=way: run(way, *given)) for way in (False, True)]

    def statistics(self, images: Any, labels: Array, as_trained: bool = False) -> list[dict[str, Any]]:
        """One row per layer with a kernel, from input to logits, see layer_row."""
        state, _ = self._now()
        outputs, gradients = self._statistics[as_trained](state, images, labels)
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
                self._layers, self._activated, outputs, self._kernels, strict=True
            )
        ]

    @cached_property
    def _statistics(self) -> list[Any]:
        objective = self._program.objective

        def run(as_trained: bool, state: State, images: Tensor, labels: Tensor) -> Any:
            def loss(trained: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
                *every, outputs = self._called(trained, state, images, as_trained, self._observed)[0]
                return jnp.mean(objective.plain(labels, objective.scores(outputs))), every

            gradients, outputs = jax.grad(loss, has_aux=True)(self._program.predicting(state))
            return outputs, gradients

        return [compiled(lambda *given, way=way: run(way, *given)) for way in (False, True)]

    def _called(
        self, trained: list[Tensor], state: State, images: Tensor, as_trained: bool, model: Any = None, **more: Any
    ) -> Any:
        """A stateless call in which dropout and augmentation rest."""
        for layer in self._drawing:
            layer.resting = True
        try:
            called = model or self._model
            return called.stateless_call(trained, state.others, as_inputs(images), training=as_trained, **more)
        finally:
            for layer in self._drawing:
                layer.resting = False


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
