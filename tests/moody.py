"""A model that misbehaves while it is trained, or while it is built, as its settings `mood` and `building` say."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

STEPS = 50  # of training before the mood shows: in the second epoch of the tests


def _raise() -> None:
    raise ValueError("I am in no mood")


def _print() -> None:
    print("x" * 4_000_000, flush=True)
    os.write(2, b"y" * 1_000_000)


def _hold_the_lock() -> None:
    ctypes.PyDLL(None).sleep(600)  # native code that keeps Python's lock


def _be_careless() -> None:
    os.chdir("/")
    np.random.seed(0)  # noqa: NPY002
    keras.utils.set_random_seed(0)


MOODS = {
    "calm": lambda: None,
    "raises": _raise,
    "exits": lambda: sys.exit(0),
    "ends": lambda: os._exit(0),
    "dies": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "prints": _print,
    "sleeps": lambda: time.sleep(600),
    "holds": _hold_the_lock,
    "careless": _be_careless,
}


class Mood(keras.layers.Layer):
    """Gives back what it gets, and lives out its mood once it has been trained for a while."""

    def __init__(self, mood: str) -> None:
        super().__init__(name="mood")
        self.mood, self.calls = mood, 0

    def call(self, x: Any, training: bool = False) -> Any:
        if self.mood == "shape" and training:
            return x[:, :5]
        if self.mood == "nan":
            return x * (np.nan if training else 1.0)
        if not training or self.mood in ("calm", "integers", "late"):
            return x
        with tf.control_dependencies([tf.py_function(self._live, [], [])]):
            return tf.identity(x)

    def _live(self) -> None:
        self.calls += 1
        if self.calls > STEPS:
            MOODS[self.mood]()


def build(recipe: dict[str, Any], shape: tuple[int, ...], classes: int, parts: Any) -> keras.Model:
    """A hidden layer and logits, in a mood."""
    mood = recipe["model"]["mood"]
    if mood == "late" and parts.seed == 2:
        raise KeyError("seed 2")
    MOODS[recipe["model"]["building"]]()
    inputs = keras.Input(shape)
    x = parts.dense(keras.layers.Flatten()(inputs), 8, "hidden_1", "relu")
    outputs = keras.layers.Dense(classes, **parts.kernel("logits"))(x)
    if mood == "integers":
        outputs = keras.ops.cast(outputs, "int32")
    return keras.Model(inputs, Mood(mood)(outputs))


def here() -> Path:
    """Where this file lies."""
    return Path(__file__)
