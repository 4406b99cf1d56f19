"""The views of a program's model, each one compiled call, which the probes of all its runs share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import keras

from butfor.jax_engine.chance_layers import ChanceLayer
from butfor.jax_engine.jax_device import compiled
from butfor.jax_engine.model_structure import structure
from butfor.jax_engine.training_program import Program, State, as_inputs

Tensor: TypeAlias = Any


class ProbeViews:
    """What is to be seen of a program's model, of any run's state and numbers.

    layers: those with kernels. activated: of each of them, the name of the function by which its values leave. drawing: those
    that draw, coded: what each of them is given for that. kernels, biases: their places among the variables that train, None for
    a layer without biases; streams: those of the layers that draw, among the others. structure: see Engine.structure.
    """

    def __init__(self, program: Program) -> None:
        self.program, self._model = program, program.model
        self.layers = [layer for layer in self._model.layers if hasattr(layer, "kernel")]
        by_name = {layer.name: layer for layer in self._model.layers}
        activated = [by_name.get(f"{layer.name}_activation", layer) for layer in self.layers]
        self.activated = [getattr(layer.activation, "__name__", "") for layer in activated]
        self._observed = keras.Model(self._model.inputs, [*(layer.output for layer in activated), self._model.output])
        self.drawing = [layer for layer in self._model.layers if isinstance(layer, ChanceLayer)]
        trained, others = ({id(v): n for n, v in enumerate(every)} for every in (program.trained, program.others))
        self.kernels = [trained[id(layer.kernel)] for layer in self.layers]
        self.biases = [None if layer.bias is None else trained[id(layer.bias)] for layer in self.layers]
        self.streams = [others[id(layer.seed_generator.state)] for layer in self.drawing]
        self.coded = [layer.coded() for layer in self.drawing]
        self.structure = structure(self._model)
        self._first, self._are_compiled = threading.Lock(), False

    @contextmanager
    def in_use(self) -> Iterator[bool]:
        """A context for a run that uses them, and whether they are compiled. The first is alone: no two compile the same."""
        with self._first:
            if not self._are_compiled:
                yield False
                self._are_compiled = True
                return
        yield True

    @cached_property
    def drawn(self) -> Any:
        """What the layers that draw make of inputs by their streams."""

        def run(inputs: list[Tensor], streams: list[Tensor], numbers: dict[str, Tensor]) -> list[Tensor]:
            states = [layer.seed_generator.state for layer in self.drawing]
            with (
                self.program.numbers.given(numbers),
                keras.StatelessScope(list(zip(states, streams, strict=True))),
            ):
                return [layer(x, training=True) for layer, x in zip(self.drawing, inputs, strict=True)]

        return compiled(run)

    @cached_property
    def first_loss(self) -> Any:
        """Losses of examples, see JaxProbe."""

        objective = self.program.objective

        def run(state: State, numbers: dict[str, Tensor], images: Tensor, labels: Tensor) -> dict[str, Tensor]:
            trained = self.program.predicting(state)
            outputs, _ = self._model.stateless_call(trained, state.others, as_inputs(images), training=False)
            with self.program.numbers.given(numbers):
                losses = {"objective": jnp.mean(objective.trained(labels, outputs))}
            losses["plain"] = jnp.mean(objective.plain(labels, objective.scores(outputs)))
            return losses | ({"uniform": objective.against_uniform(outputs)} if objective.task.classes else {})

        return compiled(run)

    @cached_property
    def penalties(self) -> list[Any]:
        """Of a batch, all and those of kernels: in inference, and in training."""

        def run(as_trained: bool, state: State, numbers: dict[str, Tensor], images: Tensor) -> tuple[Tensor, Tensor]:
            with self.program.numbers.given(numbers):
                trained = self.program.predicting(state)
                every = self._called(trained, state, images, as_trained, return_losses=True)[2]
                penalised = [
                    (layer.kernel_regularizer, place) for layer, place in zip(self.layers, self.kernels, strict=True)
                ]
                kernels = [penalty(trained[place]) for penalty, place in penalised if penalty]
                return sum(every, jnp.float32(0.0)), sum(kernels, jnp.float32(0.0))

        return [compiled(lambda *given, way=way: run(way, *given)) for way in (False, True)]

    @cached_property
    def statistics(self) -> list[Any]:
        """What leaves the layers, and the gradients of the loss: in inference, and in training."""

        objective = self.program.objective

        def run(as_trained: bool, state: State, images: Tensor, labels: Tensor) -> Any:
            def loss(trained: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
                *every, outputs = self._called(trained, state, images, as_trained, self._observed)[0]
                return jnp.mean(objective.plain(labels, objective.scores(outputs))), every

            gradients, outputs = jax.grad(loss, has_aux=True)(self.program.predicting(state))
            return outputs, gradients

        return [compiled(lambda *given, way=way: run(way, *given)) for way in (False, True)]

    def _called(
        self, trained: list[Tensor], state: State, images: Tensor, as_trained: bool, model: Any = None, **more: Any
    ) -> Any:
        """A stateless call in which dropout and augmentation rest."""
        for layer in self.drawing:
            layer.resting = True
        try:
            called = model or self._model
            return called.stateless_call(trained, state.others, as_inputs(images), training=as_trained, **more)
        finally:
            for layer in self.drawing:
                layer.resting = False
