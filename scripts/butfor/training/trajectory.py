"""The trajectory of one run, epoch by epoch: which batches come, what came of them, and whether it goes on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.data.dataset import Array, Rows
from butfor.recipe import streams
from butfor.recipe.early_stopping import EarlyStopping
from butfor.recipe.plateau import Plateau
from butfor.recipe.watched_figures import TRAINED
from butfor.records.record import validation_figures

Row = dict[str, Any]
LOSSES = {  # of a row, by what breaks a training that is not finite
    "objective": "the loss",
    "validation/loss": "the validation loss",
    f"validation/{TRAINED}": "the loss that trains, on validation examples,",
}


class Trajectory:
    """What has come of the epochs of one seed's training, and what comes next.

    `history`: a row per epoch, as records hold it. `rates`: the learning rate of each step, as float32, which a record
    spells shortest. `scale`: what the plateau makes of the next ones. `best`: the weights to go back to at the end, if
    any. `reason`: why a loss broke it.
    """

    def __init__(self, recipe: dict[str, Any], seed: int, train: Rows, steps: int) -> None:
        self._epochs, self._train = recipe["epochs"], train
        self._steps, self._size = steps, steps * recipe["batch_size"]
        self._order = streams.generator(seed, "order")
        self._stopping, self._plateau = (
            EarlyStopping(recipe["early_stopping"]),
            Plateau(recipe["schedule"], recipe["learning_rate"]),
        )
        self.history: list[Row] = []
        self.rates: list[Any] = []
        self.scale = 1.0
        self.best: list[Array] = []
        self.reason = ""

    def batches(self) -> npt.NDArray[np.int32]:
        """The rows of the next epoch's batches, `(steps, batch size)`."""
        return self._order.permutation(self._train)[: self._size].reshape(self._steps, -1)

    def add(self, row: Row, rates: npt.NDArray[np.float32]) -> bool:
        """Take in an epoch; whether its weights are the best so far and to be kept as such."""
        self.history.append(row)
        self.rates.extend(rates)
        broken = next((name for name in LOSSES if not math.isfinite(row.get(name, 0.0))), None)
        if broken:
            self.reason = f"{LOSSES[broken]} was {row[broken]} in epoch {row['epoch']}"
            return False
        figures = validation_figures(row)
        self.scale = self._plateau.after_epoch(figures)
        return self._stopping.is_best(figures) and self._stopping.restores

    def repeat(self, history: list[Row], rates: npt.NDArray[np.float32], best: list[Array]) -> None:
        """Go through the epochs of a training that was cut off, up to where it was."""
        for row, used in zip(history, rates.reshape(len(history), -1), strict=True):
            self.batches()
            self.add(row, used)
        self.best = best

    def epoch(self, place: int) -> Row:
        """An epoch's figures, with the learning rate of its last step."""
        row = self.history[place]
        return {**row, "learning_rate": float(str(self.rates[: row["epoch"] * self._steps][-1]))}

    @property
    def over(self) -> bool:
        """Whether the epochs have run out, early stopping has ended it, or a loss is no longer finite."""
        return bool(self.reason) or self._stopping.over or len(self.history) == self._epochs

    @property
    def counted_epoch(self) -> int:
        """The epoch whose weights count."""
        return self._stopping.best_epoch if self._stopping.restores else len(self.history)
