"""What hears of a run: its lines in the log, its file of progress, its checkpoint."""

from __future__ import annotations

import logging

from butfor.process.pace import Pace
from butfor.process.progress import Progress
from butfor.records.record import validation_figures
from butfor.training.checkpoint import Checkpoint
from butfor.training.run import Run

log = logging.getLogger(__name__)


class EpochLog:
    """A line in the log per epoch of the run called `name`, with about how long the job still takes.

    epochs: the most that the run trains. later: those of the job's runs after it.
    """

    def __init__(self, name: str, epochs: int, later: int, pace: Pace) -> None:
        self._name, self._epochs, self._later, self._pace = name, epochs, later, pace

    def begun(self, run: Run) -> None:
        """There is no epoch to write of yet."""

    def epoch_ended(self, run: Run) -> None:
        """The line, and all figures for those who want details."""
        row = {key: value for key, value in run.trajectory.history[-1].items() if key != "order"}
        log.info(
            "%s · epoch %d of %d: objective %.4f, %s%s",
            *(self._name, row["epoch"], self._epochs, row["objective"]),
            ", ".join(f"validation {name} {value:.4f}" for name, value in validation_figures(row).items()),
            self._left(self._later + self._epochs - row["epoch"]),
        )
        if log.isEnabledFor(logging.DEBUG):
            details = ", ".join(f"{key} {value:.6g}" for key, value in row.items())
            log.debug("%s: %s, %.3f s", self._name, details, self._pace.seconds[-1])

    def _left(self, epochs: int) -> str:
        seconds = self._pace.left(epochs)
        return "" if seconds is None else f"; about {seconds:.0f} s left"


class ProgressWriter:
    """A line in a file of progress per epoch, those before a checkpoint again."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def begun(self, run: Run) -> None:
        """When the run started, and what has come of it."""
        self._progress.begin(run.clock.started)
        for place in range(len(run.trajectory.history)):
            self._progress.epoch(run.epoch(place))

    def epoch_ended(self, run: Run) -> None:
        """The line."""
        self._progress.epoch(run.epoch(-1))


class CheckpointWriter:
    """Writes a run's state into its checkpoint whenever that is due."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def begun(self, run: Run) -> None:
        """There is nothing to keep yet."""

    def epoch_ended(self, run: Run) -> None:
        """Keep the state, unless the run is over or could not go on from it."""
        if self._checkpoint.due and not run.trajectory.over and run.resumable:
            run.clock.lap("train")
            self._checkpoint.write(*run.state())
