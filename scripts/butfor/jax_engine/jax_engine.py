"""Keras on JAX as an engine, one run at a time (see training/protocol); cohorts has many at once."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
import numpy.typing as npt

from butfor.data.dataset import Array, Dataset, Rows
from butfor.data.room import filled
from butfor.data.several_inputs import each
from butfor.data.streamed_array import StreamedArray
from butfor.jax_engine import jax_device, jax_model_cost, plain_model, update
from butfor.jax_engine.device_answers import DeviceAnswers
from butfor.jax_engine.jax_probe import JaxProbe
from butfor.jax_engine.probe_views import ProbeViews
from butfor.jax_engine.training_program import Part, Program, State, in_batches, mean_figures, parts_of
from butfor.recipe.given_numbers import numbers_of, switches_of
from butfor.recipe.jax_limits import refuse_data, refuse_recipe
from butfor.recipe.schedules import scaled
from butfor.recipe.tasks import TASKS
from butfor.training.protocol import Probe, TrialStep, TriedVariable

Recipe = dict[str, Any]
Rates = npt.NDArray[np.float32]
Order = npt.NDArray[np.int32]


class JaxEngine:
    """One arm's compiled program, and the state of the run that it trains."""

    loop = "xla"

    def __init__(self, recipe: Recipe, dataset: Dataset, rates: Rates) -> None:
        refuse_recipe(recipe)
        streamed = any(isinstance(x, StreamedArray) for _, x in each(dataset.x_train))
        refuse_data(recipe, dataset.task, dataset.x_train, streamed, bool(dataset.categorical))
        self._recipe, self._dataset, self._rates, self._scale = recipe, dataset, rates, 1.0
        self._views, self._parts = self._made(recipe, dataset)
        self.program = self._views.program
        # On the device once, and not for each call that takes them.
        self._numbers = jax_device.held({name: np.float32(value) for name, value in numbers_of(recipe).items()})
        self._state = self.program.first_state(recipe, seed=0)
        self._answers = DeviceAnswers()
        self.probe: Probe = JaxProbe(self._views, self._now)
        self.parameters = int(sum(np.prod(v.shape) for v in self.program.trained))
        self.all_parameters = int(self.program.model.count_params())

    def _made(self, recipe: Recipe, dataset: Dataset) -> tuple[ProbeViews, dict[str, Part]]:
        """The program of a recipe, by its views, and the parts of the data."""
        return ProbeViews(Program(recipe, switches_of(recipe), dataset)), parts_of(dataset, recipe)

    def _now(self) -> tuple[State, dict[str, Any]]:
        return self._state, self._numbers

    @classmethod
    def device(cls, threads: int) -> str:
        """JAX's device, see use_device."""
        return jax_device.use_device(threads)

    @classmethod
    def set_arithmetic(cls, recipe: Recipe) -> None:
        """JAX's, see jax_device.set_arithmetic."""
        jax_device.set_arithmetic(recipe["deterministic"], recipe["matmul_precision"])

    @classmethod
    def numerics(cls) -> dict[str, str]:
        """JAX's, see jax_device.numerics."""
        return jax_device.numerics()

    @classmethod
    def compiled_in(cls, folder: Path, threads: int, recipe: str) -> AbstractContextManager[None]:
        """JAX's programs, see jax_device.compiled_in."""
        return jax_device.compiled_in(folder, threads)

    @classmethod
    def build_user_model(cls, recipe: Recipe, dataset: Dataset, arm: str) -> list[dict[str, Any]]:
        """There is none that this engine builds. Raises UnsupportedError."""
        refuse_recipe(recipe)
        return []

    @property
    def model(self) -> keras.Model:
        """The model that trains, without its weights."""
        return self.program.model

    def structure(self) -> list[dict[str, Any]]:
        """The model's layers."""
        return self._views.structure

    def optimiser(self) -> dict[str, Any]:
        """Keras's optimiser by its configuration."""
        return update.described(self.program.optimiser)

    def takes(self, dataset: Dataset, rates: Rates) -> bool:
        """Data are no part of the program, except where numbers to be predicted are scaled by them."""
        if dataset.input_shape != self._dataset.input_shape or dataset.task != self._dataset.task:
            return False
        if not TASKS[dataset.task].classes:
            return False
        self._dataset, self._rates, self._parts = dataset, rates, parts_of(dataset, self._recipe)
        return True

    def start(self, seed: int) -> None:
        """Begin with this seed's initial weights and streams, and the optimiser's first state."""
        state = self.program.first_state(self._recipe, seed)  # on the device once, too
        self._state, self._scale = state._replace(trained=jax_device.held(state.trained)), 1.0

    def train_epoch(self, order: Order) -> tuple[Rates, float]:
        """One compiled call."""
        taken = int(self._state.moments[self.program.taken])
        rates = scaled(self._rates[taken : taken + len(order)], self._scale)
        state, losses = self._trained(self._state, order, rates, len(order))
        self._state = state
        return rates, _mean(np.asarray(losses)[: len(order)])

    def _trained(self, state: State, order: Order, rates: Rates, steps: int) -> tuple[State, Any]:
        """A state trained on the first batches of an order, and the losses."""
        most = self._dataset.room // order.shape[1]
        given = filled(order, most), filled(rates, most), np.int32(steps), self._parts["train"]
        state, losses = self.program.epoch(state, self._numbers, *given)
        return state, losses

    def try_step(self, order: Order, step: int) -> TrialStep:
        """The step as training takes it, after its loss and gradients were worked out by themselves."""
        program = self.program
        before, (loss, gradients), (after, losses) = self._answers.to(
            "trial", lambda: self._asked_trial(self._state, order, step)
        )
        self._state = after
        variables = {
            program.names[id(v)]: TriedVariable(
                before[n],
                after.trained[n],
                gradients[n],
                {kind: after.moments[places[n]] for kind, places in program.kept.items()},
                type(v.constraint).__name__ if v.constraint is not None else "",
            )
            for n, v in enumerate(program.trained)
        }
        others = zip(program.others, after.others, strict=True)
        averages = {program.names[id(v)]: value for v, value in others if id(v) in program.names}
        return TrialStep(_mean(losses[:1]), float(loss), "", jax_device.precision(), variables, averages)

    def _asked_trial(self, before: State, order: Order, step: int) -> tuple[Any, ...]:
        """The weights, their loss and its gradients, the state after the step, and the losses of its epoch."""
        without = {**self._numbers, "l1": np.float32(0), "l2": np.float32(0)}
        slopes = self.program.slopes(before, without, order[0], self._parts["train"])
        rates = np.zeros(len(order), np.float32)
        rates[0] = scaled(self._rates[step : step + 1], self._scale)[0]
        return before.trained, slopes, self._trained(self.program.after_batches(before, step), order, rates, steps=1)

    def scale_rates(self, scale: float) -> None:
        """From the next step on, use the learning rates times `scale`."""
        self._scale = scale

    @property
    def _predicting(self) -> tuple[list[Any], list[Any]]:
        return self.program.predicting(self._state), self._state.others

    def evaluate(self, part: str, rows: Rows) -> dict[str, float]:
        """One compiled call for each number of rows."""
        return mean_figures(self.program.sums(*self._measured(part, rows)), len(rows), self.program.figures)

    def scores(self, part: str, rows: Rows) -> Array:
        """Likewise."""
        return of_rows(self._asked_scores(self._state, part, rows), rows)

    def _asked_scores(self, state: State, part: str, rows: Rows) -> Any:
        """In batches, of the weights that a state predicts by."""
        return self.program.scores(self.program.predicting(state), state.others, in_batches(rows)[0], self._parts[part])

    def figures_and_scores(self, part: str, rows: Rows) -> tuple[dict[str, float], Array]:
        """Likewise, one call for both."""
        sums, scores = self.program.sums_and_scores(*self._measured(part, rows))
        return mean_figures(sums, len(rows), self.program.figures), of_rows(scores, rows)

    def _measured(self, part: str, rows: Rows) -> tuple[Any, ...]:
        """What figures are worked out of."""
        return *self._predicting, *in_batches(rows), self._parts[part], self._numbers["label_smoothing"]

    def cost(self, batch_sizes: list[int]) -> dict[str, Any]:
        """Of the model as it is, see jax_model_cost."""
        return jax_model_cost.cost(self.program, self._state, np.asarray(self._dataset.x_test), batch_sizes)

    def weights(self) -> list[Array]:
        """Those by which the model predicts, and its averages."""
        every = [*self.program.predicting(self._state), *self._state.others]
        return jax.device_get([every[place] for place in self.program.weights])  # type: ignore[no-any-return]

    def set_weights(self, weights: list[Array]) -> None:
        """Go back to them."""
        self._state = self._with_weights(jax_device.held(list(weights)))

    def _with_weights(self, weights: list[Any]) -> State:
        """The state with others."""
        every = [*self.program.predicting(self._state), *self._state.others]
        for place, value in zip(self.program.weights, weights, strict=True):
            every[place] = value
        count = len(self._state.trained)
        return self.program.with_predicting(self._state._replace(others=every[count:]), every[:count])

    def resumable(self) -> bool:
        """Always: all that training changes is in its state."""
        return True

    def state(self) -> list[Array]:
        """Every variable of the model and of the optimiser."""
        return jax.device_get([value for values in self._state for value in values])  # type: ignore[no-any-return]

    def resume(self, state: list[Array]) -> None:
        """Go back to it."""
        ends = np.cumsum([len(values) for values in self._state])
        self._state = State(*(list(state[end - len(v) : end]) for end, v in zip(ends, self._state, strict=True)))

    def save(self, path: Path) -> None:
        """Write a `.keras` file of plain Keras, which loads on any backend."""
        plain_model.save(self.model, self._recipe, self.weights(), path)


def _mean(losses: Array) -> float:
    return float(losses.mean(dtype=np.float64))


def of_rows(scores: Any, rows: Rows) -> Array:
    """Scores `(n, outputs)`, of those that batches of rows gave, the last of which was filled up."""
    every = np.asarray(scores)
    return every.reshape(-1, every.shape[-1])[: len(rows)]
