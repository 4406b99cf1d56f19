"""The program that trains runs of one structure: a whole epoch of steps in one compiled call, of one run or of many at once.

A run is a state, numbers, an order and rates; the data are shared and stay on the device. What differs between the recipes of
such runs is in their numbers alone (see given_numbers).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from butfor.data.dataset import Array, Dataset
from butfor.data.room import filled
from butfor.engine.keras_internals import averages, batches_taken, moments
from butfor.engine.variable_names import named
from butfor.jax_engine import update
from butfor.jax_engine.initial_state import InitialValues
from butfor.jax_engine.jax_device import compiled
from butfor.jax_engine.network import build
from butfor.jax_engine.objective import objective_of
from butfor.recipe.class_weights import class_weights
from butfor.recipe.given_numbers import RATE, Numbers, numbers_of
from butfor.recipe.tasks import TASKS
from butfor.recipe.watched_figures import TRAINED

Recipe = dict[str, Any]
Tensor: TypeAlias = Any
EVALUATION_BATCH = 2000


class State(NamedTuple):
    """All that training changes: trainable variables, averages and streams, and the optimiser's variables, as Keras has them."""

    trained: list[Tensor]
    others: list[Tensor]
    moments: list[Tensor]


class Part(NamedTuple):
    """A part of the data on the device. weights: what examples count in the loss, if they differ."""

    inputs: Tensor
    targets: Tensor
    weights: Tensor | None = None


def parts_of(dataset: Dataset, recipe: Recipe) -> dict[str, Part]:
    """The parts of a data set, by name."""
    weights = dataset.w_train if recipe["sample_weight"] == "given" else None
    by_class = class_weights(recipe["class_weight"], dataset.fitted_targets, dataset.class_count)
    if by_class is not None:
        own = np.asarray(by_class, np.float32)[dataset.y_train.astype(np.int32)].reshape(len(dataset.y_train))
        weights = own if weights is None else weights * own
    x, y = (jnp.asarray(filled(np.asarray(values), dataset.room)) for values in (dataset.x_train, dataset.y_train))
    weights = None if weights is None else filled(np.asarray(weights, np.float32), dataset.room)
    held = Part(x, y, None if weights is None else jnp.asarray(weights))
    return {"train": held, "test": Part(jnp.asarray(dataset.x_test), jnp.asarray(dataset.y_test))}


def as_inputs(x: Tensor) -> Tensor:
    """Inputs as the model sees them: float32, integers scaled from 0..255 to 0..1."""
    whole = jnp.issubdtype(x.dtype, jnp.integer)
    return x.astype(jnp.float32) * jnp.float32(1.0 / 255.0) if whole else x.astype(jnp.float32)


class Program:
    """What trains and evaluates runs of a recipe's structure. switches: the parts that it has, see given_numbers.switches_of.
    by_patches: how it convolves, see patch_convolution.

    figures: what `sums` are of, by name. trained, others: the model's variables, in the order of a State. names: the paths of
    its weights, by id. weights: their places among the variables. kept: the places of what the optimiser keeps of each trained
    variable, by its name.
    """

    def __init__(self, recipe: Recipe, switches: frozenset[str], dataset: Dataset, by_patches: bool = False) -> None:
        self._recipe, self.numbers = recipe, Numbers(numbers_of(recipe))
        image, outputs = dataset.input_shape, dataset.output_shape[-1]
        self.model = build(recipe, switches, self.numbers, image, outputs, by_patches)
        self.objective = objective_of(recipe, dataset, self.numbers, "label_smoothing" in switches)
        self.figures = [TASKS[dataset.task].figure, "loss", *([TRAINED] if TRAINED in switches else [])]
        self.trained, self.others = list(self.model.trainable_variables), list(self.model.non_trainable_variables)
        self.names = {id(variable): name for name, variable in named(self.model).items()}
        every = {id(variable): place for place, variable in enumerate([*self.trained, *self.others])}
        self.weights = [every[id(variable)] for variable in self.model.weights]
        self.optimiser = update.optimiser(recipe, self.numbers)
        self.optimiser.build(self.trained)
        places = {id(variable): place for place, variable in enumerate(self.optimiser.variables)}
        self._averages = [places[id(average)] for _, average in averages(self.optimiser)]
        self.taken = places[id(batches_taken(self.optimiser))]
        self.kept = {kind: [places[id(v)] for v in every] for kind, every in moments(self.optimiser).items()}
        self._initial = InitialValues(self.model)
        self._first = [np.asarray(variable.value) for variable in self.optimiser.variables]

    def first_state(self, recipe: Recipe, seed: int) -> State:
        """What a run of a recipe and a seed begins with, on the host."""
        return State(*self._initial.of(recipe, seed), list(self._first))

    def predicting(self, state: State) -> list[Tensor]:
        """The trainable variables by which a run predicts: their averages, where it keeps them and has taken a step."""
        if not self._averages:
            return state.trained
        taken = state.moments[self.taken]
        if not isinstance(taken, jax.Array):  # of the host, which need not ask the device
            return [state.moments[place] for place in self._averages] if taken > 0 else state.trained
        pairs = zip(self._averages, state.trained, strict=True)
        return [jnp.where(taken > 0, state.moments[place], weight) for place, weight in pairs]

    def with_predicting(self, state: State, weights: list[Tensor]) -> State:
        """A state whose `predicting` is these."""
        if not self._averages or int(state.moments[self.taken]) == 0:
            return state._replace(trained=weights)
        given = dict(zip(self._averages, weights, strict=True))
        return state._replace(moments=[given.get(place, value) for place, value in enumerate(state.moments)])

    def after_batches(self, state: State, count: int) -> State:
        """A state as if it had taken so many batches."""
        moments = list(state.moments)
        moments[self.taken] = np.asarray(count, moments[self.taken].dtype)
        return state._replace(moments=moments)

    def loss(
        self, trained: list[Tensor], others: list[Tensor], rows: Tensor, part: Part
    ) -> tuple[Tensor, list[Tensor]]:
        """The loss of a batch of rows in training, penalties included, and the other variables after it; by the numbers that are
        given."""
        x, y = as_inputs(jnp.take(part.inputs, rows, axis=0)), jnp.take(part.targets, rows, axis=0)
        outputs, others, penalties = self.model.stateless_call(trained, others, x, training=True, return_losses=True)
        losses = self.objective.trained(y, outputs)
        if part.weights is not None:
            losses = losses * jnp.take(part.weights, rows)
        return sum(penalties, jnp.mean(losses)), others

    def step(self, state: State, numbers: dict[str, Tensor], rows: Tensor, part: Part) -> tuple[State, Tensor]:
        """A step of training on a batch of rows, and its loss. numbers: the rate among them."""
        with self.numbers.given(numbers), update.reading(self.optimiser, self._recipe, self.numbers):
            slope = jax.value_and_grad(self.loss, has_aux=True)
            (loss, others), gradients = slope(state.trained, state.others, rows, part)
            trained, moments = self.optimiser.stateless_apply(state.moments, gradients, state.trained)
        return State(list(trained), list(others), list(moments)), loss

    def _epoch(
        self, state: State, numbers: dict[str, Tensor], order: Tensor, rates: Tensor, steps: Tensor, part: Part
    ) -> tuple[State, Tensor]:
        """The first `steps` of an epoch; order `(most steps, batch)`, rates and losses `(most steps,)`."""

        def body(place: Tensor, carried: tuple[State, Tensor]) -> tuple[State, Tensor]:
            before, losses = carried
            after, loss = self.step(before, {**numbers, RATE: rates[place]}, order[place], part)
            return after, losses.at[place].set(loss)

        return lax.fori_loop(0, steps, body, (state, jnp.zeros(order.shape[0], jnp.float32)))  # type: ignore[no-any-return]

    def _outputs(self, trained: list[Tensor], others: list[Tensor], rows: Tensor, part: Part) -> Tensor:
        x = as_inputs(jnp.take(part.inputs, rows, axis=0))
        outputs, _ = self.model.stateless_call(trained, others, x, training=False)
        return outputs

    def _sums(
        self, trained: list[Tensor], others: list[Tensor], rows: Tensor, counted: Tensor, part: Part, smoothing: Tensor
    ) -> Tensor:
        """Of batches of rows `(batches, rows)`, those that are `counted`: the sums of each of `figures`, `(batches, figures)`.
        smoothing: of labels, in the loss that trains."""
        given = trained, others, part, smoothing
        return lax.map(lambda batch: self._of_batch(*given, *batch)[0], (rows, counted))

    def _sums_and_scores(
        self, trained: list[Tensor], others: list[Tensor], rows: Tensor, counted: Tensor, part: Part, smoothing: Tensor
    ) -> tuple[Tensor, Tensor]:
        given = trained, others, part, smoothing
        return lax.map(lambda batch: self._of_batch(*given, *batch), (rows, counted))  # type: ignore[no-any-return]

    def _of_batch(
        self, trained: list[Tensor], others: list[Tensor], part: Part, smoothing: Tensor, rows: Tensor, counted: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The sums over the rows that are `counted`, `(figures,)`, and the scores of all."""
        outputs, targets = self._outputs(trained, others, rows, part), jnp.take(part.targets, rows, axis=0)
        scores = self.objective.scores(outputs)
        measured = [self.objective.figures(targets, scores), self.objective.plain(targets, scores)]
        if TRAINED in self.figures:
            with self.numbers.given({"label_smoothing": smoothing}):
                measured.append(self.objective.trained(targets, outputs))
        return jnp.stack([jnp.sum(jnp.where(counted, values, 0.0)) for values in measured]), scores

    def _scores(self, trained: list[Tensor], others: list[Tensor], rows: Tensor, part: Part) -> Tensor:
        return lax.map(lambda batch: self.objective.scores(self._outputs(trained, others, batch, part)), rows)

    @cached_property
    def epoch(self) -> Any:
        """An epoch of one run, compiled."""
        return compiled(self._epoch)

    @cached_property
    def epochs(self) -> Any:
        """The same epoch of several runs: all that is a run's has one more axis, the first."""
        return compiled(jax.vmap(self._epoch, in_axes=(0, 0, 0, 0, None, None)), donate_argnums=0)

    @cached_property
    def epochs_in_turn(self) -> Any:
        """The same, one run after another in one program."""

        def every(state: Any, numbers: Any, order: Tensor, rates: Tensor, steps: Tensor, part: Part) -> Any:
            return lax.map(
                lambda run: self._epoch(run[0], run[1], run[2], run[3], steps, part), (state, numbers, order, rates)
            )

        return compiled(every, donate_argnums=0)

    @cached_property
    def slopes(self) -> Any:
        """The loss of a batch of rows and its gradients, of one run, compiled."""

        def run(state: State, numbers: dict[str, Tensor], rows: Tensor, part: Part) -> tuple[Tensor, list[Tensor]]:
            with self.numbers.given(numbers):
                slope = jax.value_and_grad(self.loss, has_aux=True)
                (loss, _), gradients = slope(state.trained, state.others, rows, part)
            return loss, gradients

        return compiled(run)

    @cached_property
    def sums(self) -> Any:
        """Figures of one run, compiled."""
        return compiled(self._sums)

    @cached_property
    def sums_and_scores(self) -> Any:
        """The same with scores in batches: on a processor both are to the bit what they are alone."""
        return compiled(self._sums_and_scores)

    @cached_property
    def sums_of_each(self) -> Any:
        """Those of several."""
        return compiled(jax.vmap(self._sums, in_axes=(0, 0, 0, None, None, 0)))

    @cached_property
    def predicting_of_each(self) -> Any:
        """What several runs predict by."""
        return compiled(jax.vmap(self.predicting))

    @cached_property
    def scores(self) -> Any:
        """Scores of one run in batches, compiled."""
        return compiled(self._scores)


def in_batches(rows: Array, most: int = EVALUATION_BATCH) -> tuple[Array, Array]:
    """Rows `(..., n)` in batches `(..., batches, rows)` of one size, the last filled up, and which of a run's count."""
    count = rows.shape[-1]
    size = min(most, count)
    lacking = -count % size
    filled = np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, lacking)])
    counted = np.arange(count + lacking) < count
    return filled.reshape(*rows.shape[:-1], -1, size), counted.reshape(-1, size)


def mean_figures(sums: Array, count: int, names: list[str]) -> dict[str, float]:
    """Figures by name from the sums `(batches, figures)` over so many rows."""
    means = np.asarray(sums, np.float64).sum(axis=0) / count
    return dict(zip(names, map(float, means), strict=True))
