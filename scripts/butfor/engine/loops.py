"""One epoch of training and one evaluation, each a single compiled call.

Keras's own `train_step` runs inside one compiled loop over an epoch's batches. The data stay resident as tensors, and
the host says which images make up each batch, so the numbers are those of `fit` on the same order at a fraction of its
time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

Indices = npt.NDArray[np.int32]
Rates = npt.NDArray[np.float32]
Loop = Literal["xla", "graph", "fit"]
Epoch = Callable[[Indices], tuple[Rates, float]]
EVALUATION_BATCH = 2000


def loop_for(recipe: dict[str, Any], convolves: bool) -> Loop:
    """Which loop trains the recipe: what it says, and for "auto" XLA, or the graph for convolutions on a CPU."""
    chosen: Loop | Literal["auto"] = recipe["loop"]
    if chosen != "auto":
        return chosen
    return "graph" if convolves and not tf.config.list_physical_devices("GPU") else "xla"


def as_inputs(images: tf.Tensor) -> tf.Tensor:
    """Images as the model sees them: float32, integers scaled from 0..255 to 0..1.

    Multiplied, not divided: TensorFlow's graphs turn a division by a constant into a multiplication, eager code does
    not, and the loops would differ in the last bit.
    """
    return tf.cast(images, tf.float32) * (1.0 / 255.0) if images.dtype.is_integer else tf.cast(images, tf.float32)


def compiled_epoch(model: keras.Model, images: tf.Tensor, labels: tf.Tensor, loop: Loop) -> Epoch:
    """A function that trains one epoch.

    It takes the order, int32 `(steps, batch)`, rows of `images`, and returns the learning rate the optimiser used at
    each step, float32 `(steps,)`, and the epoch's mean training loss as the optimiser saw it (dropout on, penalties
    included).
    """
    if loop == "fit":
        return _fit_epoch(model, images, labels)

    @tf.function(jit_compile=loop == "xla")  # type: ignore[untyped-decorator]
    def run(order: tf.Tensor) -> tf.Tensor:
        steps = order.shape[0]
        used = tf.TensorArray(tf.float32, size=steps, element_shape=())
        for step in tf.range(steps):
            batch = order[step]
            used = used.write(step, tf.convert_to_tensor(model.optimizer.learning_rate))
            model.train_step((as_inputs(tf.gather(images, batch)), tf.gather(labels, batch)))
        return used.stack()

    def epoch(order: Indices) -> tuple[Rates, float]:
        model.reset_metrics()
        used = run(tf.constant(order)).numpy()
        return used, float(model.metrics[0].result())

    return epoch


def _fit_epoch(model: keras.Model, images: tf.Tensor, labels: tf.Tensor) -> Epoch:
    class RatesUsed(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self, steps: int) -> None:
            super().__init__()
            self.rates = np.empty(steps, np.float32)

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.rates[batch] = self.model.optimizer.learning_rate

    def epoch(order: Indices) -> tuple[Rates, float]:
        flat = order.reshape(-1)
        used = RatesUsed(len(order))
        history = model.fit(
            as_inputs(tf.gather(images, flat)),
            tf.gather(labels, flat),
            batch_size=order.shape[1],
            shuffle=False,
            verbose=0,
            callbacks=[used],
        )
        return used.rates, float(history.history["loss"][-1])

    return epoch


def compiled_evaluation(
    model: keras.Model, images: tf.Tensor, labels: tf.Tensor
) -> Callable[[Indices], tuple[float, float]]:
    """A function from rows of `images` to (accuracy, mean cross-entropy in nats).

    In inference mode and without penalty terms, so that training, validation and test figures can be subtracted.
    """

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def run(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        correct, loss = tf.constant(0.0, tf.float64), tf.constant(0.0, tf.float64)
        for start in tf.range(0, tf.shape(rows)[0], EVALUATION_BATCH):
            batch = rows[start : start + EVALUATION_BATCH]
            truth = tf.cast(tf.gather(labels, batch), tf.int32)
            logits = model(as_inputs(tf.gather(images, batch)), training=False)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits)
            hits = tf.cast(tf.argmax(logits, 1, tf.int32) == truth, tf.float64)
            correct += tf.reduce_sum(hits)
            loss += tf.reduce_sum(tf.cast(losses, tf.float64))
        return correct, loss

    def evaluate(rows: Indices) -> tuple[float, float]:
        correct, loss = run(tf.constant(rows, tf.int32))
        return float(correct) / len(rows), float(loss) / len(rows)

    return evaluate
