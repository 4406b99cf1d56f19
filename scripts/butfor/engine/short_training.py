"""A short training: the first steps of one, by a model that is thrown away afterwards, to see what it does while it trains.

Two that should be the same tell whether all that a model draws and remembers follows the seed.
"""

from __future__ import annotations

from functools import partial
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from butfor.data.dataset import Array, Dataset
from butfor.data.several_inputs import mapped, taken
from butfor.engine.answers import answers_of
from butfor.engine.compiled_model import example_weights, prepare, variables
from butfor.engine.loops import as_inputs, step_loss

STEPS = 3
ROUNDING = 1e-3  # relative; on a GPU the same step twice differs in the last bits
Recipe = dict[str, Any]
Model: TypeAlias = Any


class ShortTraining:
    """A freshly built model, ready to be trained on the first training images at the recipe's learning rate.

    `losses`: what each step so far has returned. `streams`: the states of the generators in the model, each with its start.
    `asked_loss`: whether a step so far has worked out the recipe's loss.
    """

    def __init__(self, model: Model, recipe: Recipe, dataset: Dataset) -> None:
        self.model, self.losses = model, list[float]()
        rates = np.full(10 * STEPS, recipe["learning_rate"], np.float32)
        prepare(model, recipe, rates, answers_of(model, recipe, dataset))
        self.asked_loss = False
        if model.loss:
            model.loss.call = partial(self._asked, model.loss.call)
        self._recipe = recipe
        self.streams = [(stream, stream.numpy()) for stream in streams(model)]
        self._dataset, self._size = dataset, min(recipe["batch_size"], len(dataset.y_train))
        self._step = tf.function(lambda x, y: step_loss(model.train_step((x, y))))

    def _asked(self, call: Any, *given: Any) -> Any:
        self.asked_loss = True
        return call(*given)

    def takes_weights(self) -> bool:
        """Whether a step does anything with what examples count, where the recipe has them count differently."""
        if (weights := example_weights(self._dataset, self._recipe)) is None:
            return True
        (images, labels), rows = self._batch(0), np.arange(self._size)
        step = tf.function(lambda x, y, w: step_loss(self.model.train_step((x, y, w))))
        given = as_inputs(images), labels, weights(rows, labels)
        place = len(tf.nest.flatten(given)) - 1  # what a graph takes otherwise, such as variables, stands behind
        return bool(step.get_concrete_function(*given).inputs[place].consumers())

    def changing(self) -> list[Any]:
        """The variables without the streams that rest."""
        drawn = {id(stream) for stream, _start in self.drawn()}
        resting = {id(stream) for stream, _start in self.streams} - drawn
        return [variable for variable in self.variables if id(variable) not in resting]

    def _batch(self, place: int) -> tuple[Any, tf.Tensor]:
        rows = (np.arange(self._size) + place * self._size) % len(self._dataset.y_train)
        return mapped(tf.constant, taken(self._dataset.x_train, rows)), tf.constant(self._dataset.y_train[rows])

    @property
    def variables(self) -> list[Any]:
        """All that training changes, as far as Keras knows."""
        return variables(self.model)

    def go_on(self, steps: int = STEPS) -> None:
        """Train for some steps, each on the next images."""
        for _ in range(steps):
            images, labels = self._batch(len(self.losses))
            self.model.reset_metrics()  # a step of Keras's returns their mean
            self.losses.append(float(self._step(as_inputs(images), labels)))

    def drawn(self) -> list[tuple[Any, Array]]:
        """The streams that have been drawn from so far, each with its start. Recurrent layers have some that rest."""
        return [(stream, start) for stream, start in self.streams if (stream.numpy() != start).any()]


def streams(model: Model) -> list[Any]:
    """The states of all generators of Keras's in a model."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def difference(one: ShortTraining, other: ShortTraining) -> str:
    """What two short trainings differ in after some more steps each, in words; empty if in nothing."""
    one.go_on()
    other.go_on()
    for step, (first, second) in enumerate(zip(one.losses, other.losses, strict=True), start=1):
        if not _same(first, second):
            return f"losses ({first:.6g} and {second:.6g} at step {step})"
    if tf.config.list_physical_devices("GPU"):
        return ""
    pairs = zip(one.changing(), other.changing(), strict=True)
    unlike = [a.path for a, b in pairs if not np.array_equal(a.numpy(), b.numpy(), equal_nan=True)]
    return f"values of {', '.join(unlike[:3])}" if unlike else ""


def _same(first: float, second: float) -> bool:
    tolerance = ROUNDING if tf.config.list_physical_devices("GPU") else 0.0
    return bool(np.isclose(first, second, rtol=tolerance, atol=0.0, equal_nan=True))
