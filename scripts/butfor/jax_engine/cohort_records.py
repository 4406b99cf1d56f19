"""The records of a cohort's runs, each as that of the same run alone: what came of its epochs is told again to what makes them.

All else in a record, such as the digests of its first weights, its trial step and the statistics of its layers, is worked out
for the run by itself, by programs that arms of one structure share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import fields, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from butfor.data.dataset import Array, Dataset, Rows
from butfor.data.limits import Validation
from butfor.data.several_inputs import taken
from butfor.fingerprint import digest
from butfor.jax_engine import jax_device, update
from butfor.jax_engine.cohort_training import CohortTraining, TrainedRun
from butfor.jax_engine.device_answers import DeviceAnswers
from butfor.jax_engine.jax_engine import JaxEngine, Order, Rates, of_rows
from butfor.jax_engine.jax_probe import JaxProbe
from butfor.jax_engine.probe_views import ProbeViews
from butfor.jax_engine.training_program import Part, State
from butfor.process.machine_load import NoLoad
from butfor.process.record_threads import RecordThreads
from butfor.recipe.cohorts import Cohort
from butfor.recipe.given_numbers import rest_of, switches_of
from butfor.records.record import Record
from butfor.training.arm_runs import PROBE_IMAGES, ArmRuns
from butfor.training.evaluation import judged_rows
from butfor.training.trajectory import Trajectory
from butfor.training.trial import stirred, tried_step

Recipe = dict[str, Any]
Predict = Callable[[Iterable[str]], dict[str, Array]]  # what a run's weights predict on parts of the data


class RetoldEngine(JaxEngine):
    """An engine for runs that a cohort has trained: it begins as the run did, tells of each epoch what came of it, and holds the
    weights that count when they are over.

    trained: the cohort's training. programs: the views of those that its arms share, by structure.
    """

    trained: ClassVar[CohortTraining]
    programs: ClassVar[dict[tuple[str, frozenset[str]], ProbeViews]]
    run: TrainedRun
    _own_probe: JaxProbe
    _ended: State

    def __init__(self, recipe: Recipe, dataset: Dataset, rates: Rates) -> None:
        super().__init__(recipe, dataset, rates)
        # The arm's own, whose numbers are not those of the program.
        self._described = update.described(update.optimiser(recipe, self.program.numbers))

    @classmethod
    def of(cls, training: CohortTraining) -> type[RetoldEngine]:
        """One for the runs of a training; records know it by the name of the engine that any run is trained by."""
        names = {"__module__": JaxEngine.__module__, "__qualname__": JaxEngine.__qualname__}
        return type(JaxEngine.__name__, (cls,), {**names, "trained": training, "programs": {}})

    @classmethod
    def numerics(cls) -> dict[str, str]:
        """JAX's, and how many runs were trained at once."""
        return {**super().numerics(), "batched": cls.trained.how}

    def _made(self, recipe: Recipe, dataset: Dataset) -> tuple[ProbeViews, dict[str, Part]]:
        key = rest_of(recipe), switches_of(recipe)
        if key not in self.programs:
            self.programs[key], _ = super()._made(recipe, dataset)
        return self.programs[key], self.trained.parts

    @property
    def views(self) -> ProbeViews:
        """Those of its program, which others share."""
        return self._views

    def telling(self, run: TrainedRun) -> RetoldEngine:
        """One of the same arm that tells of a run, with a state of its own."""
        other = copy(self)
        other.run, other._answers = run, DeviceAnswers()
        other.probe = other._own_probe = JaxProbe(other._views, other._now, other._answers)
        return other

    def optimiser(self) -> dict[str, Any]:
        """The arm's."""
        return self._described

    def start(self, seed: int) -> None:
        """Begin as the run did; the device is asked for all that the record tells of it."""
        # States stay on the host, which reads them without waiting for the device.
        self._state, self._scale = self.program.first_state(self._recipe, seed), 1.0
        self._epochs, self._figures = 0, list[dict[str, float]]()
        self._ended = self._end()
        self._ask(seed)

    def _ask(self, seed: int) -> None:
        """Ask for what is told before the training, and for what is told after it."""
        run, data, size = self.run, self._dataset, self._recipe["batch_size"]
        rows = run.held[:PROBE_IMAGES]
        tried = self._with_weights(list(map(stirred, self.weights())))
        order = Trajectory(self._recipe, seed, run.train, len(run.train) // size).batches()
        trained = [state.trained for state in (self._state, tried, self._ended)]
        *trained, (images, labels) = jax_device.held((*trained, (taken(data.x_train, rows), data.y_train[rows])))
        begun, tried, ended = (
            state._replace(trained=weights)
            for state, weights in zip((self._state, tried, self._ended), trained, strict=True)
        )
        step = tried_step(self._recipe, self._rates)
        before = self._own_probe.asked(begun, self._numbers, images, labels, as_trained=True)
        before |= {_scores(False, "train", rows): self._asked_scores(begun, "train", rows)}
        self._answers.ask({**before, "trial": self._asked_trial(tried, order, step)})
        after = self._own_probe.asked(ended, self._numbers, images, labels, as_trained=False)
        if not run.trajectory.reason:
            judged = judged_rows(data)
            after |= {_scores(True, "test", judged): self._asked_scores(ended, "test", judged)}
        self._answers.ask(after)

    def train_epoch(self, order: Order) -> tuple[Rates, float]:
        """What came of the next epoch. Raises ValueError for other batches than the run's."""
        trajectory, place = self.run.trajectory, self._epochs
        row = trajectory.history[place]
        if digest(order) != row["order"]:
            raise ValueError(
                f"seed {self.run.seed}, epoch {place + 1}: expected the batches of the run, received others"
            )
        self._epochs += 1
        self._figures = [_figures(row, part) for part in ("train", "validation")]
        if self._epochs == len(trajectory.history):
            self._state = self._ended
        rates = trajectory.rates[place * len(order) : (place + 1) * len(order)]
        return np.array(rates, np.float32), row["objective"]

    def _end(self) -> State:
        """The state with the weights that count; every stream has been drawn from once a step."""
        wide, own, count = self.trained.program, self.program, len(self._state.trained)
        steps = len(self.run.trajectory.rates)
        averages = (
            value
            for variable, value in zip(wide.others, self.run.weights[count:], strict=True)
            if id(variable) in wide.names
        )
        others = [
            next(averages) if id(variable) in own.names else np.array([np.asarray(value)[0], steps], np.uint32)
            for variable, value in zip(own.others, self._state.others, strict=True)
        ]
        state = self.program.after_batches(State(self._state.trained, others, self._state.moments), steps)
        return self.program.with_predicting(state, self.run.weights[:count])

    def evaluate(self, part: str, rows: Rows) -> dict[str, float]:
        """The figures that the run was measured by, in the order of training/evaluation."""
        if not self._epochs:
            return super().evaluate(part, rows)
        if not self._figures:
            self._figures = [_figures(self.run.metrics, name) for name in ("test", "train", "validation")]
        return self._figures.pop(0)

    def figures_and_scores(self, part: str, rows: Rows) -> tuple[dict[str, float], Array]:
        """Those figures, and scores of the weights that count."""
        return self.evaluate(part, rows), self.scores(part, rows)

    def scores(self, part: str, rows: Rows) -> Array:
        """Those of the weights that count once the run is over, and before of its first ones."""
        question = _scores(bool(self._epochs), part, rows)
        return of_rows(self._answers.to(question, lambda: self._asked_scores(self._state, part, rows)), rows)

    def set_weights(self, weights: list[Array]) -> None:
        """Those of a trial; at the end of the run its own are there already."""
        if not self._epochs:
            self._state = self._with_weights(weights)


class ScaledDataset(Dataset):
    """A data set with its inputs scaled already as all recipes of a cohort have it, which its arms share."""

    @classmethod
    def of(cls, dataset: Dataset, recipe: Recipe) -> ScaledDataset:
        """A data set, scaled as a recipe has it."""
        scaled = dataset.scaled(recipe)
        return cls(**{field.name: getattr(scaled, field.name) for field in fields(scaled)})

    def scaled(self, recipe: Recipe) -> Dataset:
        """Itself."""
        return self


def make_records(
    cohort: Cohort,
    runs: Sequence[tuple[str, Recipe, int]],
    dataset: Dataset,
    validation: Validation,
    device: str,
    made: Callable[[Record, Predict], None],
    lanes: int | None = None,
    threads: int = 1,
) -> None:
    """Train a cohort, and hand over each run's record soon after it has ended, with what predicts by its weights.

    runs: arm, recipe and seed of all runs among which the cohort's are. dataset: as it is stored, not scaled yet. device: what
    trains, in words. lanes: see CohortTraining. threads: by how many records are made while others train, if more than one;
    `made` is called by each.
    """
    pairs, arms = [(recipe, seed) for _, recipe, seed in runs], dict[str, ArmRuns]()
    scaled = ScaledDataset.of(dataset, cohort.recipe)
    training = CohortTraining(cohort, pairs, scaled, validation, lanes)
    kind = RetoldEngine.of(training)

    with RecordThreads(threads, most=max(threads, min(len(cohort.runs), training.lanes))) as makers:

        def ended(place: int, run: TrainedRun) -> None:
            arm, recipe, _ = runs[cohort.runs[place]]
            if arm not in arms:
                arms[arm] = ArmRuns(kind, {"arm": arm, "recipe": recipe, "validation": validation}, scaled, device)
            makers.make(partial(_make_record, arms[arm], run, made))

        training.train(ended)


def _make_record(arm: ArmRuns, run: TrainedRun, made: Callable[[Record, Predict], None]) -> None:
    """Hand over the record of a run, and forget its weights."""
    engine: RetoldEngine = arm.engine  # type: ignore[assignment]
    trained = run.clock.timing()
    with engine.views.in_use() as compiled:
        own = arm.beside(engine.telling(run), compiled, NoLoad())
        own.seconds |= trained.pop("seconds")
        record = own.train(run.seed)
    # When it was trained, and not when it was told again.
    record = replace(record, timing={**record.timing, **trained, "ended": record.timing["ended"]})
    made(record, partial(own.predict, run.seed))
    run.weights.clear()


def _scores(at_end: bool, part: str, rows: Rows) -> tuple[str, bool, str, str]:
    """The question for scores of rows of a part, before a training or at its end."""
    return "scores", at_end, part, digest(rows)


def _figures(row: dict[str, Any], part: str) -> dict[str, float]:
    """Of one part, by their names in it."""
    return {key.removeprefix(f"{part}/"): value for key, value in row.items() if key.startswith(f"{part}/")}
