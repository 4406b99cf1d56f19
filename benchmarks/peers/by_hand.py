"""Four arms of the example study, as one writes them in Keras by hand: what all peers train.

The order of images, the masks and the initial weights are drawn by Keras from the seed; everything else is as in the recipe.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BATCH, RATE = 128, 0.001
ARMS: dict[str, dict[str, Any]] = {
    "baseline": {"dropout": 0.2, "l2": 1e-5, "restarts": True, "initialiser": "he_normal"},
    "no_dropout": {"dropout": 0.0, "l2": 1e-5, "restarts": True, "initialiser": "he_normal"},
    "no_decay": {"dropout": 0.2, "l2": 1e-5, "restarts": False, "initialiser": "he_normal"},
    "init_he_uniform": {"dropout": 0.2, "l2": 1e-5, "restarts": True, "initialiser": "he_uniform"},
}
AfterEpoch = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class Work:
    """What a peer is to do. files: of Fashion-MNIST. images: of the training part, at most. place: a folder to write into."""

    files: dict[str, str]
    seeds: list[int]
    epochs: int
    images: int
    cores: int
    place: str

    @property
    def store(self) -> str:
        return f"sqlite:///{self.place}/mlflow.db"

    @property
    def runs(self) -> list[tuple[str, int]]:
        return [(arm, seed) for arm in ARMS for seed in self.seeds]


def asked() -> Work:
    """That of the command line."""
    return Work(**json.loads(Path(sys.argv[1]).read_text()))


def reached(work: Work, accuracies: dict[tuple[str, int], float]) -> None:
    """Leave each run's test accuracy where the benchmark reads it."""
    by_run = {f"{arm} {seed}": value for (arm, seed), value in accuracies.items()}
    Path(work.place, "accuracies.json").write_text(json.dumps(by_run))


def load(work: Work) -> tuple[Any, Any, Any, Any]:
    """Images as float32 from 0 to 1, and labels."""

    def idx(name: str) -> Any:
        raw = gzip.decompress(Path(work.files[name]).read_bytes())
        shape = np.frombuffer(raw, ">i4", raw[3], 4)
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)

    parts = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    x, y, x_test, y_test = (idx(name) for name in parts)
    return x.astype(np.float32) / 255, y.astype(np.int32), x_test.astype(np.float32) / 255, y_test.astype(np.int32)


def use_threads(threads: int) -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def compiled(arm: str, steps: int) -> Any:
    """The arm's network, with its optimiser."""
    import keras

    settings = ARMS[arm]
    layers: list[Any] = [keras.Input((28, 28)), keras.layers.Flatten()]
    for width in (256, 128):
        made = {
            "kernel_initializer": settings["initialiser"],
            "kernel_regularizer": keras.regularizers.L2(settings["l2"]),
        }
        layers.append(keras.layers.Dense(width, "relu", **made))
        layers += [keras.layers.Dropout(settings["dropout"])] if settings["dropout"] else []
    last = keras.layers.Dense(
        10, kernel_initializer=settings["initialiser"], kernel_regularizer=keras.regularizers.L2(settings["l2"])
    )
    model = keras.Sequential([*layers, last])
    rate = keras.optimizers.schedules.CosineDecayRestarts(RATE, steps) if settings["restarts"] else RATE
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def callbacks(after_epoch: AfterEpoch) -> list[Any]:
    import keras

    class Told(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            after_epoch(epoch, {name: float(value) for name, value in (logs or {}).items()})

    return [keras.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True), Told()]


def parts(work: Work, data: Any, seed: int) -> dict[str, Any]:
    """What `fit` is given: whole batches of training images, and a tenth of all to validate on."""
    x, y, _, _ = data
    order = np.random.default_rng(seed).permutation(len(x))
    held, rest = order[: len(x) // 10], order[len(x) // 10 :][: work.images]
    rest = rest[: len(rest) // BATCH * BATCH]
    return {"x": x[rest], "y": y[rest], "validation_data": (x[held], y[held]), "batch_size": BATCH}


def train(work: Work, data: Any, arm: str, seed: int, after_epoch: AfterEpoch) -> float:
    """Train one run; its test accuracy."""
    import keras

    keras.utils.set_random_seed(seed)
    given = parts(work, data, seed)
    model = compiled(arm, len(given["x"]) // BATCH)
    model.fit(**given, epochs=work.epochs, verbose=0, callbacks=callbacks(after_epoch))
    return float(model.evaluate(data[2], data[3], verbose=0)[1])


def tracked(work: Work, data: Any, arm: str, seed: int) -> float:
    """Train one run and show it in MLflow, epoch by epoch."""
    import mlflow

    mlflow.set_tracking_uri(work.store)
    mlflow.set_experiment("peers")
    with mlflow.start_run(run_name=f"{arm} {seed}"):
        mlflow.log_params({"arm": arm, "seed": seed, **ARMS[arm]})
        accuracy = train(work, data, arm, seed, lambda epoch, logs: mlflow.log_metrics(logs, step=epoch))
        mlflow.log_metric("test_accuracy", accuracy, timestamp=int(1000 * time.time()))
    return accuracy
