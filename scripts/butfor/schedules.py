"""Learning-rate schedules: a recipe gives one learning rate per optimiser step.

A schedule is worked out before training, in double precision, and handed to the training loop as an array: the loop
writes each value into the optimiser and reads it back into the record, so a plot of the schedule is a plot of what was
used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Multipliers = npt.NDArray[np.float64]
Settings = dict[str, Any]


def none(epoch: Multipliers, epochs: int, settings: Settings) -> Multipliers:
    """1 at every step."""
    return np.ones_like(epoch)


def step(epoch: Multipliers, epochs: int, settings: Settings) -> Multipliers:
    """factor^k after k full periods of `every_epochs`."""
    return np.asarray(settings["factor"] ** np.floor(epoch / settings["every_epochs"]), dtype=np.float64)


def cosine(epoch: Multipliers, epochs: int, settings: Settings) -> Multipliers:
    """Half a cosine from 1 down to `alpha` over `decay_epochs` (default: all of the training), then `alpha`.

    A linear warm-up from 0 over the first `warmup_epochs` comes before it and counts towards the training's length.

    Loshchilov & Hutter 2017, SGDR, equation 5 without restarts.
    """
    warmup = settings["warmup_epochs"]
    length = settings["decay_epochs"] or max(epochs - warmup, 0)
    if length <= 0:
        return np.asarray(np.minimum(1.0, epoch / warmup), dtype=np.float64)
    fraction = np.clip((epoch - warmup) / length, 0.0, 1.0)
    decay = _half_cosine(fraction, settings["alpha"])
    return np.asarray(np.where(epoch < warmup, epoch / warmup, decay)) if warmup else decay


def cosine_restarts(epoch: Multipliers, epochs: int, settings: Settings) -> Multipliers:
    """Cosines one after another: cycle i is `first_epochs`·t_mul^i long and starts at m_mul^i.

    Loshchilov & Hutter 2017, SGDR, equation 5, with the restart heights of Keras's CosineDecayRestarts.
    """
    ends = [float(settings["first_epochs"])]
    while ends[-1] <= epochs:
        ends.append(ends[-1] + settings["first_epochs"] * settings["t_mul"] ** len(ends))
    starts = np.array([0.0, *ends[:-1]])
    lengths = np.array(ends) - starts
    cycle = np.searchsorted(np.array(ends), epoch, side="right")
    fraction = (epoch - starts[cycle]) / lengths[cycle]
    height = settings["m_mul"] ** cycle
    return np.asarray(settings["alpha"] + (1.0 - settings["alpha"]) * height * _half_cosine(fraction, 0.0))


def _half_cosine(fraction: Multipliers, alpha: float) -> Multipliers:
    return np.asarray(alpha + (1.0 - alpha) * 0.5 * (1.0 + np.cos(np.pi * fraction)), dtype=np.float64)


SCHEDULES: dict[str, Callable[[Multipliers, int, Settings], Multipliers]] = {
    "none": none,
    "step": step,
    "cosine": cosine,
    "cosine_restarts": cosine_restarts,
}


def learning_rates(recipe: Settings, steps_per_epoch: int) -> npt.NDArray[np.float32]:
    """The learning rate at each step of the whole training, shape `(epochs * steps_per_epoch,)`.

    Step s is at epoch s / steps_per_epoch: a schedule is written in epochs and moves with every step.
    """
    epochs = recipe["epochs"]
    settings = recipe["schedule"]
    epoch = np.arange(epochs * steps_per_epoch, dtype=np.float64) / steps_per_epoch
    multipliers = SCHEDULES[settings["name"]](epoch, epochs, settings)
    return np.asarray(recipe["learning_rate"] * multipliers, dtype=np.float32)
