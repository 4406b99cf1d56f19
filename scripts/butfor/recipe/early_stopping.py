"""Early stopping: when a training ends, and which epoch's weights count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from butfor.recipe.watched_figures import figure_name, higher_is_better


class EarlyStopping:
    """Watches one validation figure, epoch by epoch (Prechelt 1998, "Early Stopping - But When?").

    `best_epoch` is the first epoch after which no later one was better by more than `min_delta`; the training is
    `over` once `patience` epochs have gone by since. The first `warmup_epochs` are not watched. With {name: none} it
    never is over, and the last epoch counts.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._active = settings["name"] != "none"
        self._best: float | None = None
        self._epoch = 0
        self.best_epoch = 0

    def is_best(self, validation: dict[str, float]) -> bool:
        """Take in one more epoch's figures by name, such as `loss`; whether it is the best so far."""
        self._epoch += 1
        if not self._active:
            self.best_epoch = self._epoch
            return True
        if self._epoch <= self._settings["warmup_epochs"]:
            self.best_epoch = self._epoch
            return True
        monitor = self._settings["monitor"]
        value = lower_is_better(validation, monitor)
        if self._best is None or improves(value, self._best, self._settings["min_delta"]):
            self._best, self.best_epoch = value, self._epoch
            return True
        return False

    @property
    def over(self) -> bool:
        """Whether the training ends here."""
        return bool(self._active and self._epoch - self.best_epoch >= self._settings["patience"])

    @property
    def restores(self) -> bool:
        """Whether the best epoch's weights count rather than the last's."""
        return bool(self._active and self._settings["restore_best"])


def lower_is_better(validation: Mapping[str, float], monitor: Any) -> float:
    """The figure that is watched, in its sense or the opposite one, so that a smaller one is better; a metric that is undefined,
    as a correlation with predictions that are all the same, is worse than any number."""
    value = validation[figure_name(monitor)]
    if not isinstance(monitor, str) and math.isnan(value):
        return math.inf
    return -value if higher_is_better(monitor) else value


def improves(value: float, best: float, min_delta: float) -> bool:
    """Whether a figure, the smaller the better, beats the best by more than `min_delta`: the sum in double and the comparison in
    single precision, as in Keras's callbacks, which decides improvements of almost exactly min_delta."""
    return bool(np.float32(value + min_delta) < np.float32(best))
