"""The benchmarked networks as one writes them in Keras by hand, with the recipe that goes with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

CLASSES = 10
BATCH = 128
PARTS = {
    "dropout": 0.2,
    "l2": 1e-5,
    "schedule": {"name": "cosine_restarts", "first_decay": 1, "t_mul": 2},
}


@dataclass(frozen=True)
class Network:
    """A network to be measured: its `recipe` for butfor, how many `steps` of an epoch are measured, and the `targets`, how many
    times faster than `fit` with so many threads. widths: of a perceptron's hidden layers."""

    recipe: dict[str, Any]
    steps: int
    targets: dict[int, float]
    widths: tuple[int, ...] = ()
    parts: bool = False


def perceptron(widths: tuple[int, ...], parts: bool, steps: int, targets: dict[int, float]) -> Network:
    model = {"name": "mlp", "widths": list(widths), "activation": "relu"}
    return Network({"model": model, **(PARTS if parts else {})}, steps, targets, widths, parts)


FAST = {1: 2.5, 2: 3.5}
NETWORKS = {
    "MLP 64": perceptron((64,), False, 421, FAST),
    "MLP 64 + parts": perceptron((64,), True, 421, FAST),
    "MLP 256-128": perceptron((256, 128), False, 421, FAST),
    "MLP 256-128 + parts": perceptron((256, 128), True, 421, FAST),
    "MLP 1024-1024": perceptron((1024, 1024), False, 100, FAST),
    "MLP 1024-1024 + parts": perceptron((1024, 1024), True, 100, FAST),
    "CNN 8-16": Network({"model": {"name": "cnn", "filters": [8, 16], "width": 64}}, 100, {1: 1.5, 2: 1.5}),
    "LSTM 32": Network({"model": {"name": "row_lstm:build"}}, 100, {1: 1.0, 2: 1.0}),
}


def built(name: str) -> keras.Model:
    """The network, not compiled."""
    network = NETWORKS[name]
    layers: list[Any] = [keras.Input((28, 28))]
    if network.widths:
        layers.append(keras.layers.Flatten())
        for width in network.widths:
            penalty = keras.regularizers.L2(PARTS["l2"]) if network.parts else None
            layers.append(keras.layers.Dense(width, "relu", kernel_regularizer=penalty))
            layers += [keras.layers.Dropout(PARTS["dropout"])] if network.parts else []
    elif name.startswith("CNN"):
        layers.append(keras.layers.Reshape((28, 28, 1)))
        for filters in network.recipe["model"]["filters"]:
            layers += [keras.layers.Conv2D(filters, 3, padding="same", activation="relu"), keras.layers.MaxPooling2D()]
        layers += [keras.layers.Flatten(), keras.layers.Dense(network.recipe["model"]["width"], "relu")]
    else:
        layers.append(keras.layers.LSTM(32))
    return keras.Sequential([*layers, keras.layers.Dense(CLASSES)])


def compiled(name: str, steps_per_execution: int = 1) -> keras.Model:
    """The network with its optimiser, as a tutorial has it: no metric beside the loss."""
    model = built(name)
    rate: Any = 0.001
    if NETWORKS[name].parts:
        rate = keras.optimizers.schedules.CosineDecayRestarts(rate, NETWORKS[name].steps)
    model.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=steps_per_execution,
    )
    return model
