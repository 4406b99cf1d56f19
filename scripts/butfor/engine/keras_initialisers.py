"""Initial weights: a recipe's initialiser as Keras has it, drawing from a named stream."""

from __future__ import annotations

from typing import Any, TypeAlias

import keras

from butfor.recipe.initialisers import INITIALISERS

Initialiser: TypeAlias = Any


def initialiser(settings: dict[str, Any], key: int) -> Initialiser:
    """The Keras initialiser that `settings` name, drawing from `key`."""
    row = INITIALISERS[settings["name"]]
    arguments = row.arguments(settings) | ({"seed": key} if row.draws else {})
    return getattr(keras.initializers, row.keras)(**arguments)
