"""A Keras model with its optimiser and loss, and its epoch of training and its evaluations as compiled calls."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from butfor.data.dataset import Array, Dataset
from butfor.engine import keras_optimisers, loops, losses
from butfor.engine.probe import Probe
from butfor.engine.rehearsal import Rehearsal
from butfor.engine.step_graph import StepGraph
from butfor.user_code.location import is_own

Recipe = dict[str, Any]


class Resident:
    """A data set as tensors, which all of a job's compiled models share."""

    def __init__(self, dataset: Dataset) -> None:
        self.x_train, self.y_train = tf.constant(dataset.x_train), tf.constant(dataset.y_train)
        self.x_test, self.y_test = tf.constant(dataset.x_test), tf.constant(dataset.y_test)


def prepare(model: keras.Model, recipe: Recipe, rates: loops.Rates) -> keras_optimisers.RateTable:
    """Give a model the recipe's optimiser and loss; the table of the rates that it reads step by step."""
    table = keras_optimisers.RateTable(rates)
    model.compile(keras_optimisers.optimiser(recipe, table), losses.loss(recipe), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return table


def variables(model: keras.Model) -> list[Any]:
    """All that training changes in a prepared model, as far as Keras knows of it: weights, averages, positions in streams,
    and the optimiser's moments, scale and step."""
    return [*model.variables, *model.optimizer.variables]


def step_graph(
    model: keras.Model, rates: keras_optimisers.RateTable, data: Resident | Dataset, batch: int
) -> StepGraph:
    """The graphs of a prepared model, whose optimiser reads these rates."""

    def known() -> list[Any]:
        return [*variables(model), rates.scale, *(v for metric in model.metrics for v in metric.variables)]

    return StepGraph(model, known, (batch, *data.x_train.shape[1:]), data.y_train.dtype)


class CompiledModel:
    """One model of an arm, on the job's data. `rates`: the table that its optimiser reads."""

    def __init__(
        self, model: keras.Model, recipe: Recipe, data: Resident, rates: loops.Rates, loop: loops.Loop
    ) -> None:
        self.model, self._recipe, self._data, self._loop = model, recipe, data, loop
        self.rates = prepare(model, recipe, rates)
        self.start = [variable.numpy() for variable in model.optimizer.variables]
        self.epoch = loops.compiled_epoch(model, data.x_train, data.y_train, loop)
        self.evaluations = {
            "train": loops.compiled_evaluation(model, data.x_train, data.y_train),
            "test": loops.compiled_evaluation(model, data.x_test, data.y_test),
        }
        self.outputs = {
            "train": loops.compiled_outputs(model, data.x_train),
            "test": loops.compiled_outputs(model, data.x_test),
        }

    @cached_property
    def graph(self) -> StepGraph:
        """What it trains and predicts by."""
        return step_graph(self.model, self.rates, self._data, self._recipe["batch_size"])

    @cached_property
    def rehearsal(self) -> Rehearsal:
        """What works its steps out apart."""
        own = is_own(self._recipe["model"]["name"])
        return Rehearsal(self.model, self._recipe, self._loop == "xla", self.graph if own else None)

    @cached_property
    def probe(self) -> Probe:
        """What shows the model from outside."""
        return Probe(self.model, compiled=self._loop == "xla")

    @property
    def parameters(self) -> int:
        """The number of trainable weights."""
        return int(sum(np.prod(variable.shape) for variable in self.model.trainable_variables))

    def become(self, fresh: keras.Model) -> None:
        """Take over the variables of a model that has just been built, and the optimiser's first state."""
        assign(self.model.variables, [variable.numpy() for variable in fresh.variables])
        assign(self.model.optimizer.variables, self.start)
        self.rates.scale.assign(1.0)


def assign(assigned: list[Any], values: list[Array]) -> None:
    """Give each variable its value."""
    for variable, value in zip(assigned, values, strict=True):
        variable.assign(value)
