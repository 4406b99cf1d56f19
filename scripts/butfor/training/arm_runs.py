"""The runs of one arm: its engine, made once, and each seed's record."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from copy import copy
from typing import Any

from butfor.data.dataset import Array, Dataset, Rows, split
from butfor.data.several_inputs import Inputs, each, mapped, named, taken
from butfor.fingerprint import digest, fingerprint
from butfor.process.clock import Clock
from butfor.process.machine_load import MachineLoad
from butfor.process.pace import Pace
from butfor.process.progress import Progress
from butfor.recipe.class_weights import class_weights
from butfor.recipe.loss_functions import expected_loss
from butfor.recipe.target_scalings import target_scale
from butfor.recipe.tasks import REGRESSION, TASKS
from butfor.records import provenance
from butfor.records.record import Record
from butfor.training.checkpoint import Checkpoint
from butfor.training.evaluation import Evaluation
from butfor.training.learning import knows_trivial
from butfor.training.listeners import CheckpointWriter, EpochLog, ProgressWriter
from butfor.training.predictions import predicted
from butfor.training.protocol import Engine
from butfor.training.run import Listener, Run
from butfor.training.scorer_choice import Scorer, scores_of
from butfor.training.trajectory import Trajectory
from butfor.training.trial import tried
from butfor.user_code.declaration import pretrained
from butfor.user_code.own_schedule import rates_of

PROBE_IMAGES = 1000
log = logging.getLogger(__name__)


class ArmRuns:
    """Trains seeds of one arm, one after another, with one engine.

    training: `arm`, `recipe` and `validation` (the share of training images, or official), see Plan.training. device: what
    trains, in words. scorer: what computes the metrics that the recipe watches, if it does. `seconds` holds by phase what the
    next record is to carry for the job as a whole.
    """

    def __init__(
        self,
        kind: type[Engine],
        training: dict[str, Any],
        dataset: Dataset,
        device: str,
        scorer: Scorer | None = None,
    ) -> None:
        self.recipe: dict[str, Any] = training["recipe"]
        self.seconds: dict[str, float] = {}
        self._name, self._validation = training["arm"], training["validation"]
        self._dataset, self._scorer = self._scaled(dataset), scorer
        versions = {**provenance.machine(), **provenance.training_versions(), "revision": provenance.revision()}
        engine = f"{kind.__module__}:{kind.__qualname__}"
        self._machine = {"device": device, "engine": engine, **kind.numerics(), **versions}
        self._load, self._pace = MachineLoad(), Pace()
        self._tried = False  # the first trial step compiles what trains
        self._tested: Array | None = None  # scores of the run trained last, held until the next one begins
        self._steps = len(self._split(0)[0]) // self.recipe["batch_size"]
        self._rates = rates_of(self.recipe, self._steps)
        self.engine = kind(self.recipe, self._dataset, self._rates)

    def beside(self, engine: Engine, compiled: bool, load: MachineLoad) -> ArmRuns:
        """Those of the same arm with another engine, so that runs of both can be trained at the same time. compiled: whether what
        trains is. load: what is read at the end of epochs."""
        other = copy(self)
        other.engine, other.seconds, other._pace, other._tried, other._load = engine, {}, Pace(), compiled, load
        return other

    def takes(self, dataset: Dataset) -> bool:
        """Whether the next seeds are trained on another data set, such as another fold, by what is compiled already."""
        scaled, size = self._scaled(dataset), self.recipe["train_size"]
        train, _ = split(len(scaled.y_train), self._validation, size, 0, scaled.official, scaled.together)
        steps = len(train) // self.recipe["batch_size"]
        rates = rates_of(self.recipe, steps)
        if not self.engine.takes(scaled, rates):
            return False
        self._dataset, self._steps, self._rates = scaled, steps, rates
        self._tried = bool(scaled.room)  # else for examples of another number there is something to compile
        return True

    def _scaled(self, dataset: Dataset) -> Dataset:
        scaled = dataset.scaled(self.recipe)
        log.info("%s · input_scaling %s: %s", self._name, _scaling(scaled), _range(scaled))
        return scaled

    def _split(self, seed: int) -> tuple[Rows, Rows]:
        data, train_size = self._dataset, self.recipe["train_size"]
        return split(len(data.y_train), self._validation, train_size, seed, data.official, data.together)

    def train(
        self, seed: int, later: int = 0, progress: Progress | None = None, checkpoint: Checkpoint | None = None
    ) -> Record:
        """Train one seed, from its `checkpoint` if there is one, and say all there is to say about it. later: how many seeds
        of the job are still to come."""
        clock = Clock(self.seconds)
        self.seconds = {}
        self.engine.start(seed)
        run = self._run(seed, clock)
        rows = run.evaluation.held[:PROBE_IMAGES]
        probed = taken(self._dataset.x_train, rows), self._dataset.y_train[rows]
        before = self._before(run, rows, *probed)
        clock.lap("diagnose")
        before["trial"] = self._trial(seed, run)
        if not self.engine.resumable():  # what has been tried cannot be taken back
            self.engine.start(seed)
        clock.lap("diagnose" if self._tried else "compile")
        self._tried = True
        run.train(self._listeners(run, seed, later, progress, checkpoint))
        clock.lap("train")
        metrics = {} if run.trajectory.reason else run.evaluation.final()
        clock.lap("evaluate")
        for name, times in self.engine.probe.draws_taken().items():
            before["chance"][name]["draws"] = times
        before["penalty"]["end"] = self.engine.probe.penalties(probed[0])
        before["layers"]["end"] = self.engine.probe.statistics(*probed)
        clock.lap("diagnose")
        self._tested = run.evaluation.tested
        return self._record(seed, run, metrics, before)

    def predict(self, seed: int, parts: Iterable[str]) -> dict[str, Array]:
        """What the weights of the seed that was trained last predict on these parts of the data (see training/predictions)."""
        train, held = self._split(seed)
        return predicted(self.engine, self._dataset, {"train": train, "validation": held}, parts, self._tested)

    def validate(self, seed: int) -> dict[str, float | None]:
        """Train one seed and measure its final weights on validation images only; None where the loss broke."""
        self.engine.start(seed)
        run = self._run(seed, Clock({}))
        run.train(self._listeners(run, seed))
        broken, figures = run.trajectory.reason, run.evaluation.final_validation()
        return {key: None if broken or not math.isfinite(value) else value for key, value in figures.items()}

    def _run(self, seed: int, clock: Clock) -> Run:
        self._tested = None
        train, held = self._split(seed)
        place = seed, self.recipe["train_size"]
        scores = scores_of(self._scorer, self.engine, self._dataset.task, place, held) if self._scorer else None
        evaluation = Evaluation(self.engine, self._dataset, train, held, self.recipe, scores)
        return Run(
            self.engine, Trajectory(self.recipe, seed, train, self._steps), evaluation, clock, self._pace, self._load
        )

    def _listeners(
        self,
        run: Run,
        seed: int,
        later: int = 0,
        progress: Progress | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> list[Listener]:
        """Those of a run, which goes on from its checkpoint, if there is one, before they hear of it."""
        epochs = self.recipe["epochs"]
        listeners: list[Listener] = [EpochLog(f"{self._name} · seed {seed}", epochs, later * epochs, self._pace)]
        if progress:
            listeners.append(ProgressWriter(progress))
        if checkpoint:
            listeners.append(CheckpointWriter(checkpoint))
            if kept := checkpoint.read():
                run.resume(*kept)
                log.info("%s: goes on after epoch %d", self._name, len(run.trajectory.history))
        return listeners

    def _expected_loss(self, rows: Rows, labels: Array) -> float | None:
        task = TASKS[self._dataset.task]
        if not knows_trivial(task.name):
            return None
        scores, scale = self.engine.scores("train", rows), target_scale(self.recipe, self._dataset.fitted_targets)
        return expected_loss(self.recipe, task, scores, labels, scale if task is REGRESSION and scale else (0.0, 1.0))

    def _before(self, run: Run, rows: Rows, images: Inputs, labels: Array) -> dict[str, Any]:
        """What a record says of the model before its first step, by the record's fields."""
        probe = self.engine.probe
        decided: dict[str, Any] = {
            "split": digest(run.evaluation.train),
            "validation": digest(run.evaluation.held),
            **({"pretrained": True} if pretrained(self.recipe["model"]) else {}),
        }
        return {
            "draws": {**decided, **probe.initial_digests()},
            "chance": probe.random_draws(),
            "first_loss": {**probe.first_loss(images, labels), "expected": self._expected_loss(rows, labels)},
            "penalty": {"start": probe.penalties(images, as_trained=True)},
            "layers": {"start": probe.statistics(images, labels, as_trained=True)},
        }

    def _trial(self, seed: int, run: Run) -> dict[str, Any]:
        order = Trajectory(self.recipe, seed, run.evaluation.train, self._steps).batches()
        return tried(self.engine, self.recipe, self._rates, order)

    def _record(self, seed: int, run: Run, metrics: dict[str, float], probed: dict[str, Any]) -> Record:
        status, reason, right = run.evaluation.status(metrics, run.trajectory.reason)
        log.info("%s · seed %d: %s", self._name, seed, reason or _reached(metrics))
        return Record(
            arm=self._name,
            seed=seed,
            status=status,
            reason=reason,
            recipe=self.recipe,
            fingerprint=fingerprint(self.recipe),
            data=self._data(run.evaluation),
            loop=self.engine.loop,
            parameters=self.engine.parameters,
            all_parameters=self.engine.all_parameters,
            structure=self.engine.structure(),
            optimiser=self.engine.optimiser(),
            history=run.trajectory.history,
            learning_rate=run.trajectory.rates,
            steps_per_epoch=self._steps,
            stopped_epoch=len(run.trajectory.history),
            restored_epoch=run.trajectory.counted_epoch,
            metrics={} if status == "diverged" else metrics,
            right=right,
            machine=self._machine,
            timing=run.clock.timing(),
            **probed,
        )

    def _data(self, evaluation: Evaluation) -> dict[str, Any]:
        dataset = self._dataset
        described = {"name": dataset.name, "fingerprint": dataset.fingerprint, "classes": dataset.classes}
        weights = class_weights(self.recipe["class_weight"], dataset.fitted_targets, dataset.class_count)
        described |= {"task": dataset.task, "class_weights": None if weights is None else list(map(float, weights))}
        if self.recipe["sample_weight"] == "given" and dataset.w_train is not None:
            weights = dataset.w_train[evaluation.train]
            described["sample_weights"] = [float(size) for size in (weights.mean(), weights.min(), weights.max())]
        if dataset.categorical:
            described["categorical"] = {column.name: column.size for column in dataset.categorical}
        if dataset.fold:
            described["fold"] = dict(zip(("repeat", "fold", "folds"), dataset.fold, strict=True))
        counts = {"train": len(evaluation.train), "validation": len(evaluation.held), "test": len(dataset.y_test)}
        return {**described, **counts, "scaling": dataset.scaling, "inputs": mapped(list, dataset.input_range)}


def _scaling(dataset: Dataset) -> str:
    return ", ".join(f"{name} {scaling}".strip() for name, scaling in each(dataset.scaling))


def _range(dataset: Dataset) -> str:
    ranges = [(named("inputs", name), *ends) for name, ends in each(dataset.input_range)]
    return ", ".join(f"{name} from {low:g} to {high:g}" for name, low, high in ranges)


def _reached(metrics: dict[str, float]) -> str:
    tested = {name: value for name, value in metrics.items() if name.startswith("test/")}
    return ", ".join(f"{name.replace('/', ' ')} {value:.4f}" for name, value in tested.items())
