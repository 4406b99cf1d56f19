"""The numbers of a recipe that do not change the program that trains it, and what is left of it, which does.

A program is given numbers while it runs, so that runs whose recipes differ in nothing else share it. Standard library only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from butfor.recipe.architectures import architecture
from butfor.recipe.watched_figures import TRAINED, measures_trained_loss

Recipe = dict[str, Any]

RATE = "rate"  # of the step that is being taken
BETAS = {"adam": ("beta_1", "beta_2"), "adamw": ("beta_1", "beta_2"), "lion": ("beta_1", "beta_2"), "rmsprop": ("rho",)}
REST = "_rest"  # of a share: what it leaves of 1, rounded once
PENALTIES = ("l1", "l2", "activity_l1", "activity_l2")
SHARES = ("input_dropout", "spatial_dropout")
# What decides how a run begins, when it ends and how fast it learns, and not what a step is.
NOT_OF_A_STEP = (
    *("initialiser", "layer_initialisers", "bias_initialiser", "learning_rate", "warmup", "schedule"),
    *("early_stopping", "epochs", "loop"),
)


class Numbers:
    """Numbers by name, as layers, losses and optimisers read them while they are called: a run's own, or those that a program
    is given for many."""

    def __init__(self, own: dict[str, float]) -> None:
        self._now: dict[str, Any] = own

    def __getitem__(self, name: str) -> Any:
        return self._now[name]

    @contextmanager
    def given(self, numbers: dict[str, Any]) -> Iterator[None]:
        """A context in which these are read."""
        before, self._now = self._now, numbers
        try:
            yield
        finally:
            self._now = before


def dropouts_of(recipe: Recipe) -> int:
    """How many layers of `dropout` the model of a recipe has room for."""
    return architecture(recipe["model"]).dropouts(recipe["model"])


def numbers_of(recipe: Recipe) -> dict[str, float]:
    """Every number of a recipe with a built-in model, by name."""
    optimiser, rates = recipe["optimiser"], recipe["dropout"]
    every = rates if isinstance(rates, list) else [rates] * dropouts_of(recipe)
    numbers = {f"dropout_{place}": float(rate) for place, rate in enumerate(every, start=1)}
    numbers |= {name: float(recipe[name]) for name in (*SHARES, *PENALTIES, "noise", "label_smoothing")}
    numbers["max_norm"] = float(recipe["max_norm"]) or math.inf
    numbers["clipping"] = float(recipe["clipping"].get("limit", 0.0))
    numbers["weight_decay"] = float(recipe["weight_decay"].get("rate", 0.0))
    numbers["ema_momentum"] = float(recipe["ema"].get("momentum", 0.0))
    for name in BETAS.get(optimiser["name"], ()):
        numbers |= {name: float(optimiser[name]), name + REST: 1.0 - float(optimiser[name])}
    return numbers


def switches_of(recipe: Recipe) -> frozenset[str]:
    """What a recipe has at all, of parts that do nothing where their number is 0 (a limit's: infinite), and whether the loss
    that trains is measured."""
    numbers = numbers_of(recipe)
    always = ("clipping", "weight_decay", "ema_momentum", "beta_1", "beta_2", "rho")
    on = {name for name, value in numbers.items() if value and not name.endswith(REST) and name not in always}
    measured = {TRAINED} if measures_trained_loss(recipe) else set()
    return frozenset((on | measured) - ({"max_norm"} if math.isinf(numbers["max_norm"]) else set()))


def rest_of(recipe: Recipe) -> str:
    """What is left of a recipe without its numbers, its switches and what is no part of a step, as one line."""
    optimiser = {
        key: value
        for key, value in recipe["optimiser"].items()
        if key not in BETAS.get(recipe["optimiser"]["name"], ())
    }
    gone = {*NOT_OF_A_STEP, *SHARES, *PENALTIES, "dropout", "noise", "label_smoothing", "max_norm"}
    left = {key: value for key, value in recipe.items() if key not in gone} | {"optimiser": optimiser}
    named = {key: recipe[key]["name"] for key in ("clipping", "weight_decay", "ema")}
    return json.dumps(left | named, sort_keys=True)
