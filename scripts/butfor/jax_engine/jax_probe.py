"""What a model on JAX shows from outside (see training/protocol)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from butfor.data.dataset import Array
from butfor.fingerprint import digest
from butfor.jax_engine.probe_views import ProbeViews
from butfor.jax_engine.training_program import State
from butfor.records.layer_statistics import layer_row


class JaxProbe:
    """Reads a program's model with the state of a run. now: gives the state, and the run's own numbers."""

    def __init__(self, views: ProbeViews, now: Callable[[], tuple[State, dict[str, Any]]]) -> None:
        self._views, self._program, self._now = views, views.program, now

    def initial_digests(self) -> dict[str, dict[str, str]]:
        """Digests of the kernels and biases, and by path of all other weights."""
        state, _ = self._now()
        trained = list(map(np.asarray, self._program.predicting(state)))
        names, views = [layer.name for layer in self._views.layers], self._views
        biased = [(name, place) for name, place in zip(names, views.biases, strict=True) if place is not None]
        listed = {*views.kernels, *(place for _, place in biased)}
        variables = zip([*self._program.trained, *self._program.others], [*trained, *state.others], strict=True)
        others = [(v, value) for place, (v, value) in enumerate(variables) if place not in listed]
        paths = self._program.names
        return {
            "weights": {name: digest(trained[place]) for name, place in zip(names, views.kernels, strict=True)},
            "biases": {name: digest(trained[place]) for name, place in biased},
            "others": {paths[id(v)]: digest(np.asarray(value)) for v, value in others if id(v) in paths},
        }

    def random_draws(self) -> dict[str, dict[str, Any]]:
        """What dropout and augmentation draw for 256 examples, and next."""
        views = self._views
        if not views.drawing:
            return {}
        state, numbers = self._now()
        streams = [np.asarray(state.others[place]) for place in views.streams]
        next_streams = [stream + np.array([0, 1], np.uint32) for stream in streams]
        coded = [layer.coded() for layer in views.drawing]
        # Both are asked for before the first is waited for.
        every = [views.drawn(coded, given, numbers) for given in (streams, next_streams)]
        first, then = (list(map(np.asarray, drawn)) for drawn in every)
        return {
            layer.name: {
                "class": type(layer).__name__,
                "shape": list(output.shape[1:]),
                "digest": digest(output),
                "next": digest(following),
                **layer.effect(given, output),
            }
            for layer, given, output, following in zip(views.drawing, coded, first, then, strict=True)
        }

    def draws_taken(self) -> dict[str, int]:
        """How often each of those layers has drawn since the seed was set."""
        state, _ = self._now()
        places = zip(self._views.drawing, self._views.streams, strict=True)
        return {layer.name: int(np.asarray(state.others[place])[1]) for layer, place in places}

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
        views, trained = self._views, self._program.predicting(state)
        outputs, gradients = views.statistics[as_trained](state, images, labels)
        return [
            layer_row(
                layer.name,
                activation,
                np.asarray(trained[kernel]),
                None if bias is None else np.asarray(trained[bias]),
                np.asarray(output),
                np.asarray(gradients[kernel]),
            )
            for layer, activation, kernel, bias, output in zip(
                views.layers, views.activated, views.kernels, views.biases, outputs, strict=True
            )
        ]
