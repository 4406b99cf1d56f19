"""The first step that each optimiser takes, from published formulas: what a training's own first step is held against.

Nothing here is taken from an engine. Arrays are float64; moments are those of a start, all zero or as the settings say.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Settings = dict[str, Any]
UNDECAYED = ("bias", "gamma", "beta", "scale")  # the kinds of weights that decay leaves alone


@dataclass(frozen=True)
class UpdateRule:
    """An optimiser's first step.

    change: from the gradient, the learning rate, the settings and the number of the step (from 1, for bias corrections)
        to what is added to the weights.
    moment: the moment (Keras's name) by which the gradient that the optimiser saw can be told; empty if there is none.
    seen: from that moment to the gradient, or with `sign_lost` to its size.
    """

    change: Callable[[Array, float, Settings, int], Array]
    moment: str = ""
    seen: Callable[[Array, Settings], Array] = lambda moment, settings: moment
    sign_lost: bool = False


def _sgd(g: Array, rate: float, settings: Settings, t: int) -> Array:
    """Sutskever et al. 2013: m = -rate·g; with Nesterov's look ahead momentum·m - rate·g."""
    step = -rate * g
    return settings["momentum"] * step - rate * g if settings["nesterov"] and settings["momentum"] else step


def _adagrad(g: Array, rate: float, settings: Settings, t: int) -> Array:
    """Duchi et al. 2011, with epsilon under the root."""
    return np.asarray(-rate * g / np.sqrt(settings["initial_accumulator_value"] + g**2 + settings["epsilon"]))


def _rmsprop(g: Array, rate: float, settings: Settings, t: int) -> Array:
    """Hinton 2012, with epsilon under the root; centred, the variance (1-rho)·g² - ((1-rho)·g)²."""
    share = 1 - settings["rho"]
    spread = share * g**2 - ((share * g) ** 2 if settings["centered"] else 0.0)
    return np.asarray(-rate * g / np.sqrt(spread + settings["epsilon"]))


def _adam(g: Array, rate: float, settings: Settings, t: int) -> Array:
    """Kingma & Ba 2015, at the end of their section 2: epsilon beside the uncorrected root."""
    b1, b2 = settings["beta_1"], settings["beta_2"]
    corrected = rate * math.sqrt(1 - b2**t) / (1 - b1**t)
    return np.asarray(-corrected * (1 - b1) * g / (np.sqrt((1 - b2) * g**2) + settings["epsilon"]))


def _lion(g: Array, rate: float, settings: Settings, t: int) -> Array:
    """Chen et al. 2023."""
    return np.asarray(-rate * np.sign(g))


_ADAM = UpdateRule(_adam, "momentums", lambda m, settings: m / (1 - settings["beta_1"]))
UPDATE_RULES = {
    "sgd": UpdateRule(_sgd),
    "adagrad": UpdateRule(_adagrad),
    "rmsprop": UpdateRule(
        _rmsprop, "velocities", lambda v, settings: np.asarray(np.sqrt(v / (1 - settings["rho"]))), sign_lost=True
    ),
    "adam": _ADAM,
    "adamw": _ADAM,
    "lion": UpdateRule(_lion, "momentums", lambda m, settings: m / (1 - settings["beta_2"])),
}


def clipped(gradients: dict[str, Array], clipping: Settings) -> dict[str, Array]:
    """Gradients by variable, limited by entry, by the norm of each variable's, or by the norm of all."""
    kind, limit = clipping["name"], clipping.get("limit", math.inf)
    if kind == "value":
        return {name: np.clip(g, -limit, limit) for name, g in gradients.items()}
    if kind == "norm":
        return {name: g * (limit / max(float(np.linalg.norm(g)), limit)) for name, g in gradients.items()}
    if kind == "global_norm":
        norm = math.sqrt(sum(float(np.square(g).sum()) for g in gradients.values()))
        return {name: g * (limit / max(norm, limit)) for name, g in gradients.items()}
    return gradients


def limited(kernel: Array, limit: float) -> Array:
    """A kernel whose units, on its last axis, are scaled down to the norm `limit` where they exceed it."""
    norms = np.sqrt(np.square(kernel).sum(axis=tuple(range(kernel.ndim - 1)), keepdims=True))
    return np.where(norms > limit, kernel * (limit / np.maximum(norms, 1e-300)), kernel)
