"""The trial of optimisers that are no choice of butfor's: each is made as a training makes it, takes a step, and tells its
settings."""

from __future__ import annotations

import json
import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from butfor.engine import keras_libraries  # noqa: F401  # its settings, before the user's code imports Keras
from butfor.engine.keras_optimisers import RateTable, described, optimiser
from butfor.engine.optimiser_kinds import not_taken
from butfor.user_code import call
from butfor.user_code.location import is_own
from butfor.user_code.trial_errors import errors_reported

SIZES = 4, 3  # of a made-up dense layer
RATE = 0.001


def try_optimiser(recipe: dict[str, Any]) -> None:
    """Raises OwnCodeError for an optimiser that cannot be made by a recipe, or takes no step. recipe: the keys that an optimiser
    follows from."""
    made = optimiser(recipe, RateTable(np.full(2, RATE, np.float32)))
    layer = keras.layers.Dense(SIZES[1])
    layer.build((None, SIZES[0]))
    weights = layer.trainable_variables
    gradients = [tf.ones(weight.shape) for weight in weights]
    name = recipe["optimiser"]["name"]
    with call.attribute_errors_to(name, f"taking a step with a made-up layer of {SIZES[1]} units"):
        try:
            made.build(weights)
            tf.function(lambda: made.apply(gradients, weights))()
        except (TypeError, ValueError) as failure:
            if is_own(name):
                raise
            raise not_taken(recipe["optimiser"], failure) from failure
    with call.attribute_errors_to(name, "telling its settings"):
        described(made)


def main() -> None:
    """Try the optimisers of the recipes in standard input, and say what was wrong."""
    tf.config.set_visible_devices([], "GPU")  # all of whose memory TensorFlow would take from others
    with errors_reported():
        for recipe in json.load(sys.stdin):
            try_optimiser(recipe)


if __name__ == "__main__":
    main()
