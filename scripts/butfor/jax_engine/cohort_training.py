"""The training of a cohort: its runs side by side in lanes of one program, each begun, stopped and measured by itself.

A lane whose run is over is given to the next run that waits, at whatever epoch the others are, so that a run that is over
costs nothing and memory holds as many runs as there are lanes. Of each run the host decides, as it does for a run alone: the
order of its batches, its rates, whether an epoch is its best, and when it is over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from butfor.data.dataset import Array, Dataset, Rows, split
from butfor.data.limits import Validation
from butfor.fingerprint import digest
from butfor.jax_engine.jax_device import on_cpu
from butfor.jax_engine.training_program import EVALUATION_BATCH, Program, State, in_batches, mean_figures, parts_of
from butfor.process.clock import Clock
from butfor.process.machine_load import MachineLoad
from butfor.process.pace import Pace
from butfor.process.shared_seconds import SharedSeconds
from butfor.recipe.architectures import architecture
from butfor.recipe.cohorts import Cohort
from butfor.recipe.given_numbers import numbers_of
from butfor.recipe.schedules import scaled
from butfor.recipe.watched_figures import own_figures
from butfor.training.trajectory import Trajectory
from butfor.user_code.own_schedule import rates_of

Recipe = dict[str, Any]
Tensor: TypeAlias = Any
Weights = tuple[list[Tensor], list[Tensor]]  # by which runs predict: trained ones, and others
LANES = 128  # on a GPU: more runs at once cost as much each (2.5 ms an epoch on an H100), and take more memory
CONVOLVING_LANES = 20  # the most that were measured; 5 took each run a tenth longer (see patch_convolution)
NO_MEMORY = "RESOURCE_EXHAUSTED"
log = logging.getLogger(__name__)


@dataclass
class TrainedRun:
    """A run of a cohort: its trajectory, and once it is over its metrics and the weights that count, of the model's trainable
    variables and of its others. clock: with its share of the seconds that the runs of the cohort have taken."""

    recipe: Recipe
    seed: int
    train: Rows
    held: Rows
    trajectory: Trajectory
    rates: Array
    clock: Clock = field(default_factory=lambda: Clock({}))
    metrics: dict[str, float] = field(default_factory=dict)
    weights: list[Array] = field(default_factory=list)
    coming: Array | None = None

    def order(self) -> Array:
        """The batches of the next epoch."""
        drawn, self.coming = self.coming, None
        return self.trajectory.batches() if drawn is None else drawn

    def draw_ahead(self) -> None:
        """Draw the batches of the epoch after the one that trains, if it may come to that."""
        if len(self.trajectory.history) + 1 < self.recipe["epochs"]:
            self.coming = self.trajectory.batches()


class CohortTraining:
    """Trains the runs of a cohort on a data set, scaled as their recipes have it.

    runs: the list that the cohort's places are in. validation: the share of training examples, or official. lanes: how many runs
    are trained at once, at most; None for those of a GPU, above, and for one on a CPU, where several gain nothing: its cores are
    busy with one, and the weights of one stay in the cache. in_turn: whether a program trains its lanes one after another; None
    where that is faster, which is on a CPU. epochs_trained: of all lanes, so far.
    """

    def __init__(
        self,
        cohort: Cohort,
        runs: Sequence[tuple[Recipe, int]],
        dataset: Dataset,
        validation: Validation,
        lanes: int | None = None,
        in_turn: bool | None = None,
    ) -> None:
        self._dataset, self._validation = dataset, validation
        self._asked = [runs[place] for place in cohort.runs]
        self.parts = parts_of(dataset, cohort.recipe)
        self._in_turn = on_cpu() if in_turn is None else in_turn
        self.program = Program(cohort.recipe, cohort.switches, dataset, by_patches=not self._in_turn)
        self._epochs = self.program.epochs_in_turn if self._in_turn else self.program.epochs
        convolves = architecture(cohort.recipe["model"]).convolves
        most = CONVOLVING_LANES if convolves else LANES
        self._count = min(lanes or (1 if on_cpu() else most), cohort.planned)
        # The patches of a batch are larger than it is: evaluation takes no more memory than training.
        small = convolves and not self._in_turn
        self._evaluated = cohort.recipe["batch_size"] if small else EVALUATION_BATCH
        self._load, self._shared = MachineLoad(), SharedSeconds()
        self.epochs_trained = 0

    @property
    def lanes(self) -> int:
        """How many runs are trained at once."""
        return self._count

    @property
    def how(self) -> str:
        """How runs are batched, in words."""
        return f"{self._count} {'in turn' if self._in_turn else 'at once'}"

    def train(self, ended: Callable[[int, TrainedRun], None] = lambda place, run: None) -> list[TrainedRun]:
        """The cohort's runs, in its order; `ended` hears of each, and of its place in it, once it is measured. Where the device
        has no memory for as many at once, half as many are trained, once."""
        done: dict[int, TrainedRun] = {}
        self._shared.skip()
        try:
            self._train(done, ended)
        except jax.errors.JaxRuntimeError as failure:
            if NO_MEMORY not in str(failure) or self._count == 1:
                raise
            self._count = (self._count + 1) // 2
            log.info("the device has no memory for more: %d runs are trained at once from here on", self._count)
            self._train(done, ended)
        return [done[place] for place in range(len(self._asked))]

    def _train(self, done: dict[int, TrainedRun], ended: Callable[[int, TrainedRun], None]) -> None:
        """Train those that are not done. What compiling took falls on the first of them that is over, as on that of a job."""
        waiting = [place for place in range(len(self._asked)) if place not in done]
        places, waiting = waiting[: self._count], waiting[self._count :]
        every = {place: self._begun(*self._asked[place]) for place in places}
        state = self._stacked([self.program.first_state(run.recipe, run.seed) for run in every.values()])
        lanes: list[int | None] = [*places, *[None] * (self._count - len(places))]
        best, over = self._weights(state), list[tuple[int, Any]]()
        pace, first = Pace(), [run.clock for run in every.values()]
        while any(place is not None for place in lanes):
            # What is in a lane without a run is trained along, as the last that was there, and thrown away.
            state, best = self._train_epoch(state, best, [None if n is None else every[n] for n in lanes])
            training = [every[n].clock for n in lanes if n is not None]
            pace.seconds.append(self._shared.book("train", training))
            load = self._load.read()
            for clock in training:
                clock.epoch_ended(load)
            ends = [lane for lane, place in enumerate(lanes) if place is not None and every[place].trajectory.over]
            for lane in ends:
                over.append((lanes[lane], jax.tree.map(lambda x, lane=lane: x[lane], best)))  # type: ignore[arg-type]
                lanes[lane] = waiting.pop(0) if waiting else None
            if len(over) >= self._count or all(place is None for place in lanes):
                self._measure(over, every)
                if first:
                    _book_compilation(pace, first, every[over[0][0]].clock)
                    first = []
                for place, _ in over:
                    done[place] = every.pop(place)
                    ended(place, done[place])
                over = []
                self._shared.skip()
            if begins := [lane for lane in ends if lanes[lane] is not None]:
                fresh = {lane: self._begun(*self._asked[lanes[lane]]) for lane in begins}  # type: ignore[index]
                every |= {lanes[lane]: run for lane, run in fresh.items()}  # type: ignore[misc]
                states = [self.program.first_state(run.recipe, run.seed) for run in fresh.values()]
                given = jax.tree.map(lambda *each: np.stack(each), *states)
                at = np.array(begins)
                state = jax.tree.map(lambda held, new, at=at: held.at[at].set(new), state, given)
                self._shared.book("compile", [run.clock for run in fresh.values()])  # the first time, nearly all of it

    def _begun(self, recipe: Recipe, seed: int) -> TrainedRun:
        data, size = self._dataset, recipe["train_size"]
        train, held = split(len(data.y_train), self._validation, size, seed, data.official, data.together)
        steps = len(train) // recipe["batch_size"]
        return TrainedRun(recipe, seed, train, held, Trajectory(recipe, seed, train, steps), rates_of(recipe, steps))

    def _stacked(self, values: list[Any]) -> Any:
        """Values of runs, arrays or trees of them, in an axis of lanes; the last is in those that are left over."""
        every = [*values, *[values[-1]] * (self._count - len(values))]
        return jax.tree.map(lambda *each: jnp.stack(each), *every)

    def _weights(self, state: State) -> Weights:
        trained = self.program.predicting_of_each(state)
        # Copies, since the next epoch takes the memory of what it is given.
        return jax.tree.map(jnp.copy, (trained, state.others))  # type: ignore[no-any-return]

    def _train_epoch(self, state: State, best: Weights, lanes: list[TrainedRun | None]) -> tuple[State, Weights]:
        """Every lane's state after an epoch, and the weights of its epoch that counts so far; what came of it is in the runs.

        The device has all its work before the host draws what comes next: of many small runs, drawing takes half as long as
        training.
        """
        self.epochs_trained += 1
        runs = [run for run in lanes if run]
        orders = [run.order() for run in runs]
        rates = [self._rates(run, len(order)) for run, order in zip(runs, orders, strict=True)]
        numbers = [{name: np.float32(x) for name, x in numbers_of(run.recipe).items()} for run in runs]
        spread = [next((n for n, run in enumerate(runs) if run is lane), 0) for lane in lanes]
        given = ([values[n] for n in spread] for values in (numbers, orders, rates))
        steps = np.int32(len(orders[0]))
        state, losses = self._epochs(state, *(_side_by_side(each) for each in given), steps, self.parts["train"])
        weights = self._weights(state)
        measured = [runs[n] for n in spread]
        few_to_come = self._figures_to_come(weights, "train", measured, lambda run: run.train[: len(run.held)])
        held_to_come = self._figures_to_come(weights, "train", measured, lambda run: run.held)
        digests = [digest(order) for order in orders]
        for each in runs:
            each.draw_ahead()
        few, held = few_to_come(), held_to_come()
        objectives, counts = np.asarray(losses).mean(axis=1, dtype=np.float64), np.zeros(len(lanes), bool)
        for place, run in enumerate(lanes):
            if run is None:
                continue
            row: dict[str, Any] = {"epoch": len(run.trajectory.history) + 1, "objective": float(objectives[place])}
            row |= _named("train", run, few[place]) | _named("validation", run, held[place])
            n = spread[place]
            run.trajectory.add({**row, "order": digests[n]}, rates[n])
            counts[place] = run.trajectory.counted_epoch == row["epoch"]
        return state, jax.tree.map(lambda new, old: jnp.where(_like(counts, new), new, old), weights, best)

    def _rates(self, run: TrainedRun, steps: int) -> Array:
        """Of the next epoch."""
        taken = len(run.trajectory.rates)
        return scaled(run.rates[taken : taken + steps], run.trajectory.scale)

    def _figures_to_come(
        self, weights: Weights, part: str, runs: list[TrainedRun], rows_of: Callable[[TrainedRun], Rows]
    ) -> Callable[[], list[dict[str, float]]]:
        """What waits for the figures of the run in each lane on rows of its own, which the device has been asked for."""
        rows = np.stack([rows_of(run) for run in runs])
        smoothing = np.array([run.recipe["label_smoothing"] for run in runs], np.float32)
        sums = self.program.sums_of_each(*weights, *in_batches(rows, self._evaluated), self.parts[part], smoothing)
        names, count = self.program.figures, rows.shape[1]
        return lambda: [mean_figures(each, count, names) for each in np.asarray(sums)]

    def _measure(self, over: list[tuple[int, Any]], every: dict[int, TrainedRun]) -> None:
        """Give runs that are over their metrics and the weights that count, as many at once as there are lanes."""
        tested = np.arange(len(self._dataset.y_test), dtype=np.int32)
        for at in range(0, len(over), self._count):
            some = over[at : at + self._count]
            runs, weights = [every[place] for place, _ in some], self._stacked([each for _, each in some])
            filled = [*runs, *[runs[-1]] * (self._count - len(runs))]
            figures = {
                "train": self._figures_to_come(weights, "train", filled, lambda run: run.train)(),
                "validation": self._figures_to_come(weights, "train", filled, lambda run: run.held)(),
                "test": self._figures_to_come(weights, "test", filled, lambda run: tested)(),
            }
            for n, (run, (_, own)) in enumerate(zip(runs, some, strict=True)):
                run.weights = [np.asarray(value) for part in own for value in part]
                if not run.trajectory.reason:
                    for name, each in figures.items():
                        run.metrics |= _named(name, run, each[n])
            self._shared.book("evaluate", [run.clock for run in runs])


def _book_compilation(pace: Pace, begun: Sequence[Clock], over: Clock) -> None:
    """Book under the clock of the first run that is over what compiling took, which those that began with it have shared."""
    seconds = pace.compilation(len(pace.seconds))
    if seconds is not None:
        over.book("compile", seconds)
        for clock in begun:
            clock.book("train", -seconds / len(begun))


def _named(part: str, run: TrainedRun, figures: dict[str, float]) -> dict[str, float]:
    return {f"{part}/{name}": value for name, value in own_figures(run.recipe, figures).items()}


def _side_by_side(values: list[Any]) -> Any:
    """Arrays of the host, or dicts of them, with an axis of lanes."""
    return jax.tree.map(lambda *each: np.stack(each), *values)


def _like(chosen: Array, values: Tensor) -> Array:
    """By lane, in the number of axes of values."""
    return chosen.reshape(-1, *[1] * (values.ndim - 1))
