"""Learning-rate schedules: a recipe gives one learning rate per optimiser step.

A schedule is worked out before training, in double precision, and handed to the training loop as an array: the loop
writes each value into the optimiser and reads it back into the record, so a plot of the schedule is a plot of what was
used. Only when a plateau comes is not worked out beforehand: `realised` has its share in the rates.

Every schedule is a function of t, the steps since the warm-up's end, and of the training's length from there; it gives
what the recipe's learning rate is multiplied by.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.recipe.durations import in_steps
from butfor.recipe.plateau import Plateau

Array = npt.NDArray[np.float64]
Settings = dict[str, Any]
Schedule = Callable[[Array, float, Settings, int], Array]

# A mark that lies on a step belongs to that step, though a division or a sum may fall a rounding error short of it.
ROUNDING = 1e-9


def none(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """1 at every step."""
    return np.ones_like(t)


def step(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """factor^k after k full periods of `every`."""
    periods = np.floor(t / in_steps(settings["every"], steps_per_epoch) + ROUNDING)
    return np.asarray(settings["factor"] ** periods)


def piecewise(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """The first of the `factors` before the first of the `boundaries`, the next one from each boundary on."""
    boundaries = np.array([in_steps(boundary, steps_per_epoch) for boundary in settings["boundaries"]])
    return np.array(settings["factors"], dtype=np.float64)[_passed(boundaries, t)]


def exponential(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """factor^(t / decay)."""
    return np.asarray(settings["factor"] ** (t / in_steps(settings["decay"], steps_per_epoch)))


def inverse_time(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """1 / (1 + rate·t / decay)."""
    return np.asarray(1.0 / (1.0 + settings["rate"] * t / in_steps(settings["decay"], steps_per_epoch)))


def polynomial(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """alpha + (1 - alpha)·(1 - t / decay)^power, then `alpha`."""
    left = 1.0 - _share_of_decay(t, length, settings, steps_per_epoch)
    return np.asarray(settings["alpha"] + (1.0 - settings["alpha"]) * left ** settings["power"])


def cosine(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """Half a cosine from 1 down to `alpha` over `decay`, then `alpha`.

    Loshchilov & Hutter 2017, SGDR, equation 5 without restarts.
    """
    return _half_cosine(1.0, settings["alpha"], _share_of_decay(t, length, settings, steps_per_epoch))


def cosine_restarts(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """Cosines one after another: cycle i is `first_decay`·t_mul^i long and starts at m_mul^i.

    Loshchilov & Hutter 2017, SGDR, equation 5, with the restart heights of Keras's CosineDecayRestarts.
    """
    first = in_steps(settings["first_decay"], steps_per_epoch)
    ends = [first]
    while ends[-1] <= length:
        ends.append(ends[-1] + first * settings["t_mul"] ** len(ends))
    starts = np.array([0.0, *ends[:-1]])
    lengths = np.array(ends) - starts
    cycle = _passed(np.array(ends), t)
    falling = _half_cosine(1.0, 0.0, (t - starts[cycle]) / lengths[cycle])
    return np.asarray(settings["alpha"] + (1.0 - settings["alpha"]) * settings["m_mul"] ** cycle * falling)


def one_cycle(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """Half a cosine up to 1 over the share `rise` of the length, then half a cosine down over the rest.

    It starts at 1 / div_factor and ends at 1 / (div_factor·final_div_factor). Smith & Topin 2018, Super-Convergence,
    whose straight lines are cosines here.
    """
    peak = settings["rise"] * length
    start = 1.0 / settings["div_factor"]
    end = start / settings["final_div_factor"]

    def up(t: Array) -> Array:
        return _half_cosine(start, 1.0, t / peak)

    def down(t: Array) -> Array:
        return _half_cosine(1.0, end, (t - peak) / (length - peak))

    return np.piecewise(t, [t < peak], [up, down])


def _share_of_decay(t: Array, length: float, settings: Settings, steps_per_epoch: int) -> Array:
    """How much of `decay` has gone by, 1 at the most; without one it is all the length."""
    decay = length if settings["decay"] is None else in_steps(settings["decay"], steps_per_epoch)
    return np.asarray(np.minimum(t / decay, 1.0))


def _passed(marks: Array, t: Array) -> npt.NDArray[np.intp]:
    """How many of the ascending `marks` lie at or before each t."""
    return np.searchsorted(marks, t + ROUNDING, side="right")


def _half_cosine(start: float, end: float, share: Array) -> Array:
    """Half a cosine from `start` to `end`, of which each `share` has gone by."""
    return np.asarray(end + (start - end) * 0.5 * (1.0 + np.cos(np.pi * share)))


SCHEDULES: dict[str, Schedule] = {
    "none": none,
    "step": step,
    "piecewise": piecewise,
    "exponential": exponential,
    "inverse_time": inverse_time,
    "polynomial": polynomial,
    "cosine": cosine,
    "cosine_restarts": cosine_restarts,
    "one_cycle": one_cycle,
    "reduce_on_plateau": none,  # the plateau acts during the training
}


def learning_rates(recipe: Settings, steps_per_epoch: int, own: Schedule | None = None) -> npt.NDArray[np.float32]:
    """The learning rate at each step of the whole training, shape `(epochs * steps_per_epoch,)`.
    own: the schedule of a recipe that names one of the user's own.

    A linear warm-up rises from 0 to the schedule's first value, which holds from the warm-up's end.
    """
    steps = np.arange(recipe["epochs"] * steps_per_epoch, dtype=np.float64)
    warmup = in_steps(recipe["warmup"], steps_per_epoch)
    # Even where the warm-up takes all of the training, it rises to a first value, and that needs a length.
    length = max(len(steps) - warmup, 1.0)
    settings = recipe["schedule"]
    schedule = own or SCHEDULES[settings["name"]]
    multipliers = schedule(np.maximum(steps - warmup, 0.0), length, settings, steps_per_epoch)
    rise = np.minimum(steps / warmup, 1.0) if warmup else 1.0
    return np.asarray(recipe["learning_rate"] * rise * multipliers, dtype=np.float32)


def realised(
    recipe: Settings, steps_per_epoch: int, validation: list[dict[str, float]], own: Schedule | None = None
) -> npt.NDArray[np.float32]:
    """The learning rate at each step of the finished epochs, whose validation figures are `validation`. own: as for
    learning_rates."""
    plateau = Plateau(recipe["schedule"], recipe["learning_rate"])
    scales = [1.0, *(plateau.after_epoch(figures) for figures in validation)][: len(validation)]
    rates = learning_rates(recipe, steps_per_epoch, own)[: len(validation) * steps_per_epoch]
    return scaled(rates, np.repeat(scales, steps_per_epoch))


def scaled(rates: npt.NDArray[np.float32], scale: npt.NDArray[np.float64] | float) -> npt.NDArray[np.float32]:
    """Learning rates times a plateau's scale: the product in double precision, so that what Keras reduces a rate to comes out
    to the bit."""
    return np.asarray(rates * np.asarray(scale, dtype=np.float64), dtype=np.float32)
