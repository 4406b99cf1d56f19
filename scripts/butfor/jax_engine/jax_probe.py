"""What a model on JAX shows from outside (see training/protocol)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from butfor.data.dataset import Array
from butfor.fingerprint import digest
from butfor.jax_engine.device_answers import Asked, DeviceAnswers
from butfor.jax_engine.probe_views import ProbeViews
from butfor.jax_engine.training_program import State
from butfor.records.layer_statistics import layer_row

Numbers = dict[str, Any]


class JaxProbe:
    """Reads a program's model with the state of a run. now: gives the state, and the run's own numbers. answers: those that were
    asked for ahead, see `asked`."""

    def __init__(
        self, views: ProbeViews, now: Callable[[], tuple[State, Numbers]], answers: DeviceAnswers | None = None
    ) -> None:
        self._views, self._program, self._now = views, views.program, now
        self._answers = answers or DeviceAnswers()

    def asked(self, state: State, numbers: Numbers, images: Any, labels: Any, as_trained: bool) -> Asked:
        """What the device is asked for so that a probe of this state tells what it does before a training, or after it."""
        views, kind = self._views, as_trained
        asked: Asked = {
            ("penalties", kind): views.penalties[kind](state, numbers, images),
            ("statistics", kind): self._asked_statistics(state, images, labels, kind),
        }
        if as_trained:
            asked["first loss"] = views.first_loss(state, numbers, images, labels)
        if as_trained and views.drawing:
            asked["draws"] = self._asked_draws(state, numbers)
        return asked

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
        every = self._answers.to("draws", lambda: self._asked_draws(*self._now()))
        return {
            layer.name: {
                "class": type(layer).__name__,
                "shape": list(output.shape[1:]),
                "digest": digest(output),
                "next": digest(following),
                **layer.effect(given, output),
            }
            for layer, given, output, following in zip(views.drawing, views.coded, *every, strict=True)
        }

    def _asked_draws(self, state: State, numbers: Numbers) -> list[Any]:
        streams = [np.asarray(state.others[place]) for place in self._views.streams]
        then = [stream + np.array([0, 1], np.uint32) for stream in streams]
        return [self._views.drawn(self._views.coded, given, numbers) for given in (streams, then)]

    def draws_taken(self) -> dict[str, int]:
        """How often each of those layers has drawn since the seed was set."""
        state, _ = self._now()
        places = zip(self._views.drawing, self._views.streams, strict=True)
        return {layer.name: int(np.asarray(state.others[place])[1]) for layer, place in places}

    def first_loss(self, images: Any, labels: Array) -> dict[str, float]:
        """Before any step: the loss that training minimises, without penalties, the task's plain loss, that against a uniform
        label."""
        losses = self._answers.to("first loss", lambda: self._views.first_loss(*self._now(), images, labels))
        return {key: float(value) for key, value in losses.items()}

    def penalties(self, images: Any, as_trained: bool = False) -> dict[str, float]:
        """The penalties that would be added for this batch: on kernels, and on activations."""
        call = self._views.penalties[as_trained]
        every, kernels = map(float, self._answers.to(("penalties", as_trained), lambda: call(*self._now(), images)))
        return {"kernels": kernels, "activations": every - kernels if every != kernels else 0.0}

    def statistics(self, images: Any, labels: Array, as_trained: bool = False) -> list[dict[str, Any]]:
        """One row per layer with a kernel, from input to logits, see layer_row."""

        def ask() -> tuple[Any, ...]:
            return self._asked_statistics(self._now()[0], images, labels, as_trained)

        names = [layer.name for layer in self._views.layers]
        rows = self._answers.to(("statistics", as_trained), ask)
        return [layer_row(*row) for row in zip(names, self._views.activated, *rows, strict=True)]

    def _asked_statistics(self, state: State, images: Any, labels: Any, as_trained: bool) -> tuple[Any, ...]:
        """Of each layer: its kernel, its biases if it has any, what leaves it, and the gradient of its kernel."""
        views, trained = self._views, self._program.predicting(state)
        outputs, gradients = views.statistics[as_trained](state, images, labels)
        biases = [None if place is None else trained[place] for place in views.biases]
        return [trained[n] for n in views.kernels], biases, outputs, [gradients[n] for n in views.kernels]
