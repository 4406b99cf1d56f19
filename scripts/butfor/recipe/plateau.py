"""Reduction on a plateau: the learning rate falls whenever the validation figure stops improving."""

from __future__ import annotations

from typing import Any

import numpy as np


class Plateau:
    """Watches one validation figure, epoch by epoch, and scales the learning rate (Keras's ReduceLROnPlateau).

    After `patience` epochs in a row none of which beat the best by more than `min_delta`, the scale is multiplied by
    `factor`, down to `min_factor` at the least. Counting resumes with the `cooldown`-th epoch from there: as in Keras, a
    cooldown of 1 is none. Only a schedule named reduce_on_plateau ever acts.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._active = settings["name"] == "reduce_on_plateau"
        self._scale = np.float32(1)
        self._best: float | None = None
        self._waited = 0
        self._cooling = 0

    def after_epoch(self, validation: dict[str, float]) -> float:
        """Take in one more epoch's `accuracy` and `loss`; the scale of the learning rate in the next epoch."""
        if self._active:
            self._watch(validation)
        return float(self._scale)

    def _watch(self, validation: dict[str, float]) -> None:
        monitor = self._settings["monitor"]
        value = validation[monitor] if monitor == "loss" else -validation[monitor]
        self._cooling = max(self._cooling - 1, 0)
        if self._improves(value):
            self._best, self._waited = value, 0
        elif not self._cooling:
            self._waited += 1
            if self._waited >= self._settings["patience"]:
                self._reduce()

    def _improves(self, value: float) -> bool:
        # Keras compares in single precision, which decides improvements of almost exactly min_delta.
        return self._best is None or bool(np.float32(value + self._settings["min_delta"]) < np.float32(self._best))

    def _reduce(self) -> None:
        # Single precision, as an optimiser's learning rate is: Keras multiplies what it reads there.
        self._scale = np.float32(max(float(self._scale) * self._settings["factor"], self._settings["min_factor"]))
        self._cooling, self._waited = self._settings["cooldown"], 0
