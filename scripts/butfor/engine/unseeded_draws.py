"""Draws that a user's own model leaves unseeded: initial weights, dropout, noise. Each follows the run's seed here.

Keras has Python's generator choose the seed of an initialiser or layer that has none. A weight is seeded by its layer's path
and its name in place of that, and so is a layer's generator: leaving out one layer keeps what the others draw, so that arms
are compared in pairs. What else is made of Python's or NumPy's own generator follows the order in which it is made.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import keras
import numpy as np

from butfor.engine.keras_internals import every_layer

Key = Callable[..., int]  # from the name of a stream to its seed
Chosen = set[Any]  # the seeds that Python's generator has chosen, and None


@contextmanager
def seeded_weights(key: Key) -> Iterator[Chosen]:
    """A context in which weights made without a seed have one each. It gives the seeds that were chosen in it; Python's and
    NumPy's generators go on afterwards as if nothing had been drawn."""
    chosen, counts, made, choose = Chosen({None}), Counter[str](), keras.layers.Layer.add_weight, random.randint

    def randint(low: int, high: int) -> int:
        chosen.add(value := choose(low, high))
        return value

    def add_weight(layer: keras.layers.Layer, *arguments: Any, **settings: Any) -> Any:
        place = f"{_place(layer)}/{settings.get('name')}"
        counts[place] += 1
        seed = key("unseeded", place, str(counts[place]))
        initialiser = settings.get("initializer", arguments[1] if len(arguments) > 1 else None)
        if isinstance(initialiser, keras.initializers.Initializer) and _seed(initialiser) in chosen:
            initialiser.seed = seed
        with _beginning_at(seed):
            return made(layer, *arguments, **settings)

    with (
        patch.object(random, "randint", randint),
        patch.object(keras.layers.Layer, "add_weight", add_weight),
        _beginning_at(key("unseeded")),
    ):
        yield chosen


def seed_generators(model: keras.Model, key: Key, chosen: Chosen) -> None:
    """Give a seed each to those generators of a model's layers whose seeds were `chosen`."""
    for layer in every_layer(model):
        for name, value in vars(layer).items():
            if isinstance(value, keras.random.SeedGenerator) and _seed(value) in chosen:
                value.state.assign([key("unseeded", _place(layer), name), 0])


def _place(layer: keras.layers.Layer) -> str:
    return str(layer.path or layer.name)


def _seed(drawing: Any) -> Any:
    """The seed of an initialiser or generator, if it has a single one."""
    seed = drawing.get_config().get("seed", "none to give")
    return seed if isinstance(seed, int | None) else "several"


@contextmanager
def _beginning_at(seed: int) -> Iterator[None]:
    """A context in which Python's and NumPy's own generators begin at a seed."""
    kept = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])
