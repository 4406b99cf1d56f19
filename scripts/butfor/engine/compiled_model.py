"""A Keras model with its optimiser and loss, and its epoch of training and its evaluations as compiled calls."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from butfor.data.dataset import Array, Dataset
from butfor.data.several_inputs import mapped, shapes
from butfor.engine import keras_optimisers, kernel_penalties, loops, losses
from butfor.engine.answers import Answers, answers_of
from butfor.engine.batch_mixing import BatchMixing, mixes
from butfor.engine.data_parts import HeldPart, part_of
from butfor.engine.example_weights import ExampleWeights
from butfor.engine.inference import Inference
from butfor.engine.probe import Probe
from butfor.engine.rehearsal import Rehearsal
from butfor.engine.step_graph import StepGraph
from butfor.engine.weight_average import WeightAverage
from butfor.recipe.class_weights import class_weights
from butfor.recipe.tasks import OWN
from butfor.recipe.watched_figures import measures_trained_loss
from butfor.user_code.location import is_own

Recipe = dict[str, Any]


class Resident:
    """A data set as the loops take it, which all of a job's compiled models share. weights: what examples count in the loss, if
    they differ."""

    def __init__(self, dataset: Dataset, recipe: Recipe) -> None:
        self.dataset, self._recipe = dataset, recipe
        self.weights = example_weights(dataset, recipe)
        self.train = part_of(dataset.x_train, dataset.y_train, dataset.room)
        self.test = part_of(dataset.x_test, dataset.y_test)

    def takes(self, dataset: Dataset) -> bool:
        """Whether it now holds another data set, such as another fold of the same: where examples weigh as before, since that is
        a constant of compiled calls."""
        other = Resident(dataset, self._recipe)
        held = [(own, its) for own, its in ((self.train, other.train), (self.test, other.test))]
        alike = other.weights is None if self.weights is None else self.weights.are_those_of(other.weights)
        if not alike or not all(isinstance(part, HeldPart) for pair in held for part in pair):
            return False
        if self.dataset.room != dataset.room:
            return False
        for own, its in held:
            own.become(its)  # type: ignore[union-attr,arg-type]
        self.dataset = dataset
        return True


def example_weights(dataset: Dataset, recipe: Recipe) -> ExampleWeights | None:
    """What the training examples of a data set count in a recipe's loss, if they differ."""
    by_class = class_weights(recipe["class_weight"], dataset.fitted_targets, dataset.class_count)
    by_example = dataset.w_train if recipe["sample_weight"] == "given" else None
    alike, axes = by_class is None and by_example is None, max(len(dataset.output_shape) - 1, 0)
    return None if alike else ExampleWeights(by_class, by_example, axes)


def prepare(
    model: keras.Model, recipe: Recipe, rates: loops.Rates, answers: Answers = losses.LOGITS, room: int = 0
) -> keras_optimisers.RateTable:
    """Give a model the recipe's optimiser and loss; the table of the rates that it reads step by step. room: for how many
    training examples, see HeldPart."""
    table = keras_optimisers.RateTable(rates, room // recipe["batch_size"] * recipe["epochs"])
    model.compile(keras_optimisers.optimiser(recipe, table), losses.loss(recipe, answers), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return table


def variables(model: keras.Model) -> list[Any]:
    """All that training changes in a prepared model, as far as Keras knows of it: weights, averages, positions in streams,
    and the optimiser's moments, scale and step."""
    return [*model.variables, *model.optimizer.variables]


def step_graph(model: keras.Model, rates: keras_optimisers.RateTable, data: Dataset, batch: int) -> StepGraph:
    """The graphs of a prepared model, whose optimiser reads these rates."""

    def known() -> list[Any]:
        return [*variables(model), *rates.variables, *(v for metric in model.metrics for v in metric.variables)]

    inputs = mapped(lambda shape: tf.TensorSpec((batch, *shape), tf.float32), shapes(data.x_train))
    return StepGraph(model, known, inputs, tf.TensorSpec((batch, *data.y_train.shape[1:]), data.y_train.dtype))


class CompiledModel:
    """One model of an arm, on the job's data. `rates`: the table that its optimiser reads."""

    def __init__(
        self, model: keras.Model, recipe: Recipe, data: Resident, rates: loops.Rates, loop: loops.Loop
    ) -> None:
        self.model, self._recipe, self._data, self._loop = model, recipe, data, loop
        self.answers = answers_of(model, recipe, data.dataset)
        if loop == "xla" and not tf.config.list_physical_devices("GPU"):
            kernel_penalties.sum_in_lanes(model)
        self.rates = prepare(model, recipe, rates, self.answers, data.dataset.room)
        self.average = WeightAverage(model)
        self.start = [variable.numpy() for variable in model.optimizer.variables]
        self.mixing = self._mixing() if mixes(recipe) else None
        users = any(is_own(recipe[key]["name"]) for key in ("model", "loss", "optimiser"))
        self.epoch = loops.compiled_epoch(model, data.train, loop, data.weights, self.mixing, converts=users)
        trained = model.loss if measures_trained_loss(recipe) else None
        of_batch = self.answers.task is OWN or (trained is not None and losses.is_of_batch(recipe))
        self.inference = Inference(model, self.answers, users, trained, recipe["batch_size"] if of_batch else None)
        self.parts = {"train": data.train, "test": data.test}

    def _mixing(self) -> BatchMixing:
        dataset = self._data.dataset
        shape, compiled = dataset.input_shape, self._loop == "xla"
        return BatchMixing(self._recipe, self.answers, dataset.output_shape[-1], shape, compiled)

    @property
    def variables(self) -> list[Any]:
        """All that training changes, as far as Keras and butfor know of it."""
        return [*variables(self.model), *(self.mixing.variables if self.mixing else [])]

    @cached_property
    def graph(self) -> StepGraph:
        """What it trains and predicts by."""
        return step_graph(self.model, self.rates, self._data.dataset, self._recipe["batch_size"])

    @cached_property
    def rehearsal(self) -> Rehearsal:
        """What works its steps out apart."""
        own = is_own(self._recipe["model"]["name"])
        return Rehearsal(
            *(
                self.model,
                self._recipe,
                self._loop == "xla",
                self.graph if own else None,
                self._data.weights,
                self.mixing,
            )
        )

    @cached_property
    def probe(self) -> Probe:
        """What shows the model from outside."""
        target = self._data.dataset.y_train.shape[1:]
        own = is_own(self._recipe["model"]["name"])
        return Probe(self.model, self.answers, self._loop == "xla", self.mixing, target, own)

    @property
    def parameters(self) -> int:
        """The number of trainable weights."""
        return int(sum(np.prod(variable.shape) for variable in self.model.trainable_variables))

    @property
    def all_parameters(self) -> int:
        """The same with the weights that no step changes by a gradient, such as running moments."""
        return int(self.model.count_params())

    def takes(self, dataset: Dataset, rates: loops.Rates) -> bool:
        """Whether it is on another data set now, at these rates: where a model's outputs are read as before, another constant of
        its calls."""
        alike = self.answers.are_those_of(answers_of(self.model, self._recipe, dataset))
        if not alike or not self.rates.takes(rates) or not self._data.takes(dataset):
            return False
        self.rates.hold(rates)
        return True

    def become(self, fresh: keras.Model) -> None:
        """Take over the variables of a model that has just been built, and the optimiser's first state."""
        self.average.in_place = False
        assign(self.model.variables, [variable.numpy() for variable in fresh.variables])
        assign(self.model.optimizer.variables, self.start)
        self.rates.scale.assign(1.0)


def assign(assigned: list[Any], values: list[Array]) -> None:
    """Give each variable its value."""
    for variable, value in zip(assigned, values, strict=True):
        variable.assign(value)
