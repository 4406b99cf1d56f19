"""Reduction on a plateau: the learning rate falls whenever the validation figure stops improving."""

from __future__ import annotations

from typing import Any

import numpy as np

from butfor.recipe.early_stopping import improves, lower_is_better


class Plateau:
    """Watches one validation figure, epoch by epoch, and scales the learning rate (Keras's ReduceLROnPlateau).

    After `patience` epochs in a row none of which beat the best by more than `min_delta`, the scale is multiplied by
    `factor`, down to `min_factor` at the least. Counting resumes with the `cooldown`-th epoch from there: as in Keras, a
    cooldown of 1 is none. Only a schedule named reduce_on_plateau ever acts.

    learning_rate: what is scaled. It is reduced in single precision, as an optimiser holds it, and the scale, in double
    precision, is what leads there from its start.
    """

    def __init__(self, settings: dict[str, Any], learning_rate: float) -> None:
        self._settings = settings
        self._active = settings["name"] == "reduce_on_plateau"
        self._start = self._rate = np.float32(learning_rate)
        self._least = settings["min_factor"] * learning_rate if self._active else 0.0
        self._best: float | None = None
        self._waited = 0
        self._cooling = 0

    def after_epoch(self, validation: dict[str, float]) -> float:
        """Take in one more epoch's figures by name, such as `loss`; the scale of the learning rate in the next epoch."""
        if self._active:
            self._watch(validation)
        return float(self._rate) / float(self._start)

    def _watch(self, validation: dict[str, float]) -> None:
        monitor = self._settings["monitor"]
        value = lower_is_better(validation, monitor)
        self._cooling = max(self._cooling - 1, 0)
        if self._best is None or improves(value, self._best, self._settings["min_delta"]):
            self._best, self._waited = value, 0
        elif not self._cooling:
            self._waited += 1
            if self._waited >= self._settings["patience"]:
                self._reduce()

    def _reduce(self) -> None:
        if self._rate > np.float32(self._least):
            self._rate = np.float32(max(float(self._rate) * self._settings["factor"], self._least))
            self._cooling, self._waited = self._settings["cooldown"], 0
