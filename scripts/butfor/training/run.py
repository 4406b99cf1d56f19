"""One run: an engine taken along the trajectory of one seed. Listeners hear of each epoch."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from butfor.fingerprint import digest
from butfor.process.clock import Clock
from butfor.process.machine_load import MachineLoad
from butfor.process.pace import Pace
from butfor.training.checkpoint import Arrays
from butfor.training.evaluation import Evaluation
from butfor.training.protocol import Engine
from butfor.training.trajectory import Trajectory


class Listener(Protocol):
    """What hears of a run: a log, a file of progress, a checkpoint."""

    def begun(self, run: Run) -> None:
        """The run begins, or goes on after the epochs in its trajectory."""

    def epoch_ended(self, run: Run) -> None:
        """The last epoch of the trajectory has just been trained and evaluated."""


class Run:
    """The training of one seed.

    engine: started for the seed. clock: the run's. pace, load: the job's.
    """

    def __init__(
        self,
        engine: Engine,
        trajectory: Trajectory,
        evaluation: Evaluation,
        clock: Clock,
        pace: Pace,
        load: MachineLoad,
    ) -> None:
        self._engine, self._pace, self._load = engine, pace, load
        self.trajectory, self.evaluation, self.clock = trajectory, evaluation, clock

    def train(self, listeners: Iterable[Listener]) -> None:
        """Train until the trajectory is over, and leave the engine with the weights that count."""
        every, trajectory = list(listeners), self.trajectory
        for listener in every:
            listener.begun(self)
        while not trajectory.over:
            self._train_epoch()
            for listener in every:
                listener.epoch_ended(self)
        if trajectory.best and not trajectory.reason:
            self._engine.set_weights(trajectory.best)
        compilation = self._pace.compilation(len(trajectory.history))
        if compilation is not None:
            self.clock.move("train", "compile", compilation)

    def _train_epoch(self) -> None:
        began, trajectory = time.perf_counter(), self.trajectory
        batches = trajectory.batches()
        rates, objective = self._engine.train_epoch(batches)
        row = {"epoch": len(trajectory.history) + 1, "objective": objective, **self.evaluation.after_epoch()}
        if trajectory.add({**row, "order": digest(batches)}, rates):
            trajectory.best = self._engine.weights()
        self._engine.scale_rates(trajectory.scale)
        self._pace.seconds.append(time.perf_counter() - began)
        self.clock.epoch_ended(self._load.read())

    def epoch(self, place: int) -> dict[str, Any]:
        """An epoch's figures, learning rate, time and load, by its place in the history."""
        return {**self.trajectory.epoch(place), **self.clock.epoch(place)}

    @property
    def resumable(self) -> bool:
        """Whether it can go on from its state."""
        return self._engine.resumable()

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """What the run goes on from after the last epoch: arrays, and plain values."""
        trajectory = self.trajectory
        arrays = {"variables": self._engine.state(), "rates": [np.array(trajectory.rates)], "best": trajectory.best}
        return arrays, {"history": trajectory.history, "timing": self.clock.timing()}

    def resume(self, arrays: Arrays, values: dict[str, Any]) -> None:
        """Bring everything to where another process was when it asked for the `state`."""
        self.trajectory.repeat(values["history"], arrays["rates"][0], arrays["best"])
        self._engine.resume(arrays["variables"])
        self._engine.scale_rates(self.trajectory.scale)
        self.clock.resume(values["timing"])
