"""Initial weights: a recipe's initialiser as Keras has it, drawing from a named stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import keras

Initialiser: TypeAlias = Any

# Each takes the settings and the key of its stream. Keras's *_normal ones are cut at two raw standard deviations and
# rescaled to the published spread; its TruncatedNormal is cut and not rescaled.
INITIALISERS: dict[str, Callable[[dict[str, Any], int], Initialiser]] = {
    "zeros": lambda s, key: keras.initializers.Zeros(),
    "ones": lambda s, key: keras.initializers.Ones(),
    "constant": lambda s, key: keras.initializers.Constant(s["value"]),
    "normal": lambda s, key: keras.initializers.RandomNormal(stddev=s["stddev"], seed=key),
    "truncated_normal": lambda s, key: keras.initializers.TruncatedNormal(stddev=s["stddev"], seed=key),
    "uniform": lambda s, key: keras.initializers.RandomUniform(-s["limit"], s["limit"], seed=key),
    "lecun_uniform": lambda s, key: keras.initializers.LecunUniform(seed=key),
    "lecun_normal": lambda s, key: keras.initializers.LecunNormal(seed=key),
    "glorot_uniform": lambda s, key: keras.initializers.GlorotUniform(seed=key),
    "glorot_normal": lambda s, key: keras.initializers.GlorotNormal(seed=key),
    "he_uniform": lambda s, key: keras.initializers.HeUniform(seed=key),
    "he_normal": lambda s, key: keras.initializers.HeNormal(seed=key),
    "orthogonal": lambda s, key: keras.initializers.Orthogonal(gain=s["gain"], seed=key),
    "variance_scaling": lambda s, key: keras.initializers.VarianceScaling(
        scale=s["scale"], mode=s["mode"], distribution=s["distribution"], seed=key
    ),
}


def initialiser(settings: dict[str, Any], key: int) -> Initialiser:
    """The Keras initialiser that `settings` name, drawing from `key`."""
    return INITIALISERS[settings["name"]](settings, key)
