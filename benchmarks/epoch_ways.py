"""The ways of training one epoch that are measured: Keras's `fit`, the engine, and the matrix products alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf

from butfor.data.dataset import Dataset
from butfor.engine.keras_engine import KerasEngine
from butfor.recipe import schedules
from butfor.study.schema import complete, load_schema
from measured_table import ROOT
from plain_networks import BATCH, CLASSES, NETWORKS, compiled

Epoch = Callable[[], Any]
AT_ONCE = 50  # steps in a call of fit's
LEARNT = 200  # epochs that a recipe has rates for, more than are measured


def images(steps: int) -> tuple[Any, Any]:
    """Made-up grey images, and their classes: how long products take does not depend on what is multiplied."""
    drawn = np.random.default_rng(0)
    return drawn.integers(0, 256, (steps * BATCH, 28, 28), np.uint8), drawn.integers(0, CLASSES, steps * BATCH)


def ways(name: str) -> dict[str, Epoch]:
    """How one epoch of a network is trained, each way."""
    network = NETWORKS[name]
    found = {"fit": fit(name), f"fit, {AT_ONCE} steps a call": fit(name, AT_ONCE), "butfor": engine(name)}
    if network.widths:
        dims = (28 * 28, *network.widths, CLASSES)
        found |= {
            "products, XLA": products(dims, network.steps, True),
            "products": products(dims, network.steps, False),
        }
    return found


def fit(name: str, steps_per_execution: int = 1) -> Epoch:
    """Keras's own loop, on float32 arrays in memory, in an order of its own."""
    x, y = images(NETWORKS[name].steps)
    model, scaled = compiled(name, steps_per_execution), x.astype(np.float32) / 255
    return lambda: model.fit(scaled, y, batch_size=BATCH, verbose=0)


def engine(name: str, given: tuple[Any, Any] | None = None) -> Epoch:
    """An epoch of a study's: drawing the order, and the compiled loop. given: inputs, as held or streamed, and classes."""
    network = NETWORKS[name]
    root = load_schema(ROOT / "config" / "schema.yaml")
    written = {**network.recipe, "batch_size": BATCH, "epochs": LEARNT}
    recipe = complete(written, root["$defs"]["recipe"], root)
    x, y = images(network.steps) if given is None else given
    y = y.astype(np.int32)
    dataset = Dataset("made up", "", CLASSES, x, y, x[:BATCH], y[:BATCH], pixels=True)
    made = KerasEngine(recipe, dataset, schedules.learning_rates(recipe, len(y) // BATCH))
    made.start(0)
    drawn = np.random.default_rng(0)

    def epoch() -> Any:
        return made.train_epoch(drawn.permutation(len(y)).astype(np.int32).reshape(-1, BATCH))

    return epoch


def products(dims: tuple[int, ...], steps: int, compiled: bool) -> Epoch:
    """The matrix products of an epoch of a perceptron and nothing else: of each layer, its outputs, the gradient of its weights
    and, but for the first, that of its inputs. What is carried from step to step keeps a compiler from leaving any out."""
    drawn = np.random.default_rng(0)
    x = tf.constant(drawn.random((steps, BATCH, dims[0]), np.float32))
    weights = [tf.constant(drawn.normal(0, (1 / a) ** 0.5, (a, b)).astype(np.float32)) for a, b in pairwise(dims)]

    @tf.function(jit_compile=compiled)
    def epoch() -> Any:
        step, gradients = tf.constant(0), [tf.zeros_like(w) for w in weights]
        while step < steps:
            values = [x[step]]
            for w in weights:
                values.append(tf.matmul(values[-1], w))
            back, found = values.pop(), []
            for place in reversed(range(len(weights))):
                found.insert(0, tf.matmul(values[place], back, transpose_a=True))
                if place:
                    back = tf.matmul(back, weights[place], transpose_b=True)
            gradients = found
            step += 1
        return [tf.reduce_sum(g) for g in gradients]

    return lambda: [g.numpy() for g in epoch()]
