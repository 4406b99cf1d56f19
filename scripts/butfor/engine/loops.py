"""One epoch of training as a single compiled call.

Keras's own `train_step` runs inside one compiled loop over an epoch's batches. The data are there as tensors, whole or a
portion after the other, and the host says which images make up each batch, so the numbers are those of `fit` on the same
order at a fraction of its time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from butfor.data.dataset import Array
from butfor.data.several_inputs import Inputs, mapped
from butfor.engine.batch_mixing import BatchMixing
from butfor.engine.data_parts import DataPart, HeldPart, Indices
from butfor.engine.example_weights import ExampleWeights
from butfor.engine.keras_internals import averages, every_layer, loss_sum

Rates = npt.NDArray[np.float32]
Loop = Literal["xla", "graph", "fit"]
UNSUPPORTED = re.compile(r"XLA_\w+_JIT: (?P<operation>\w+) .*?\{\{node (?P<node>[^}]*)\}\}", re.DOTALL)


def step_loss(returned: Any) -> tf.Tensor:
    """The loss that a `train_step` has returned, float32 `()`. Raises ValueError."""
    if not isinstance(returned, dict) or "loss" not in returned:
        raise ValueError(f"expected train_step to return a dict with `loss`, received {returned}")
    return tf.cast(returned["loss"], tf.float32)


class Epoch(Protocol):
    """Trains one epoch, or its first `steps` only."""

    def __call__(self, order: Indices, steps: int | None = None) -> tuple[Rates, float]:
        """order: rows of the images, `(steps, batch)`. The learning rate at each step, and the mean training loss as the
        optimiser saw it (dropout on, penalties included). With the first loss that is no longer finite it ends."""


def as_inputs(inputs: Any) -> Any:
    """Inputs, one or several by name, as the model sees them: float32, integers scaled from 0..255 to 0..1.

    Multiplied, not divided: TensorFlow's graphs turn a division by a constant into a multiplication, eager code does
    not, and the loops would differ in the last bit.
    """
    return mapped(
        lambda x: tf.cast(x, tf.float32) * (1.0 / 255.0) if x.dtype.is_integer else tf.cast(x, tf.float32), inputs
    )


def in_rows(inputs: Any, rows: tf.Tensor) -> Any:
    """The inputs of the examples in some rows, as the model sees them."""
    return as_inputs(mapped(lambda x: tf.gather(x, rows), inputs))


def compiled_epoch(
    model: keras.Model,
    part: DataPart,
    loop: Loop,
    weights: ExampleWeights | None = None,
    mixing: BatchMixing | None = None,
    converts: bool = True,
) -> Epoch:
    """A function that trains one epoch on rows of a part of the data. weights: what examples count in the loss, if they differ.
    mixing: what mixes each batch, if anything does. converts: whether AutoGraph reads the code of the step first, which users'
    code may need, and which takes a third of a compilation.

    How many steps it takes is a value at run time, so that a step alone needs no compilation of its own.
    """
    if loop == "fit":
        return _fit_epoch(model, part, weights, mixing)
    run = _steps(model, loop == "xla", weights, mixing, converts)

    def epoch(order: Indices, steps: int | None = None) -> tuple[Rates, float]:
        model.reset_metrics()
        count = len(order) if steps is None else steps
        portions = []
        for each in part.batches(order, count):
            by_step, taken = run(*each)
            portions.append(by_step.numpy()[: int(taken)])
            if taken < each.steps:
                break
        by_step = np.concatenate(portions)
        return (
            (by_step[:, 0], _mean_loss(model, by_step[:, 1]))
            if by_step.ndim == 2
            else (by_step, _mean_loss(model, None))
        )

    return epoch


def _steps(
    model: keras.Model,
    compiled: bool,
    weights: ExampleWeights | None = None,
    mixing: BatchMixing | None = None,
    converts: bool = True,
) -> Any:
    """The compiled loop over the batches of a portion. It tells the learning rate of each step, `(steps,)`, and how many steps it
    took; where the step is one of the user's own, with the loss that it returned, `(steps, 2)`. Keras's own step keeps the mean
    in a metric, by which the loop ends once that is no longer finite: it could not be again."""
    own = steps_by_itself(model)

    @tf.function(jit_compile=compiled, autograph=converts)  # type: ignore[untyped-decorator]
    def run(
        order: tf.Tensor, places: tf.Tensor, images: Any, labels: tf.Tensor, steps: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        def goes_on(step: tf.Tensor, finite: tf.Tensor, by_step: tf.TensorArray) -> tf.Tensor:
            return tf.logical_and(
                step < steps, finite
            )  # not a range, whose length XLA takes for a compile-time constant

        def one(step: tf.Tensor, finite: tf.Tensor, by_step: tf.TensorArray) -> tuple[Any, ...]:
            batch, rate = places[step], tf.convert_to_tensor(model.optimizer.learning_rate)
            x, y = in_rows(images, batch), tf.gather(labels, batch)
            w = weights(order[step], y) if weights else None
            if mixing:
                x, y, w = mixing(x, y, w)
            returned = model.train_step((x, y) if weights is None else (x, y, w))
            by_step = by_step.write(step, tf.stack([rate, step_loss(returned)]) if own else rate)
            return step + 1, finite if own else tf.math.is_finite(tf.convert_to_tensor(loss_sum(model))), by_step

        by_step = tf.TensorArray(tf.float32, size=order.shape[0], element_shape=(2,) if own else ())
        taken, _, by_step = tf.while_loop(goes_on, one, (tf.constant(0), tf.constant(True), by_step))
        return by_step.stack(), taken

    return run


def steps_by_itself(model: keras.Model) -> bool:
    """Whether a model has a `train_step` of its own."""
    return type(model).train_step is not keras.Model.train_step


def _mean_loss(model: keras.Model, losses: Rates | None) -> float:
    """The mean loss of an epoch. Of a step of the user's own, the mean of what it returned, unless that was a metric's value
    already, which is the mean so far."""
    if losses is None:
        return float(model.metrics[0].result())
    means = [float(metric.result()) for metric in model.metrics if isinstance(metric, keras.metrics.Mean)]
    return next((mean for mean in means if np.isclose(mean, losses[-1], rtol=1e-5)), float(losses.mean(dtype=float)))


def xla_obstacle(model: keras.Model, images: Inputs, labels: Array, batch: int) -> str:
    """Why XLA cannot compile a prepared model's training on batches of some images, in a few words; empty if it can."""
    order = np.arange(batch, dtype=np.int32)[None] % len(labels)
    run = _steps(model, compiled=True)
    try:
        (portion,) = HeldPart(images, labels).batches(order, 1)
        run.experimental_get_compiler_ir(*portion)(stage="hlo_serialized")
    except Exception as failure:  # TensorFlow raises ValueError, its own errors, and TypeError
        text = str(failure)
        operation = UNSUPPORTED.search(text)
        if not operation:
            return " ".join(text.split())[:200]
        scopes = {re.sub(r"_\d+$", "", scope) for scope in operation["node"].split("/")} | {
            *operation["node"].split("/")
        }
        layers = [layer.name for layer in every_layer(model) if layer.name in scopes and layer is not model]
        return operation["operation"] + (f" in the layer {layers[-1]}" if layers else "")
    return ""


def _fit_epoch(
    model: keras.Model,
    part: DataPart,
    weights: ExampleWeights | None,
    mixing: BatchMixing | None,
) -> Epoch:
    averaged, own = averages(getattr(model.optimizer, "inner_optimizer", model.optimizer)), steps_by_itself(model)

    class StepLog(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self, steps: int) -> None:
            super().__init__()
            self.rates, self.losses = np.empty(steps, np.float32), np.empty(steps, np.float32)
            self.weights, self.taken = list[Array](), 0

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.rates[batch] = self.model.optimizer.learning_rate

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.losses[batch], self.taken = logs["loss"], batch + 1
            if not own and not np.isfinite(logs["loss"]):  # the mean so far
                self.model.stop_training = True

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            # Where the optimiser keeps an average of the weights, fit ends by putting it in their place.
            self.weights = [variable.numpy() for variable, _ in averaged]

    def batches(order: Indices) -> Iterator[tuple[tf.Tensor, ...]]:
        """For fit, which draws from here as it trains."""
        for each in part.batches(order, len(order)):
            for step in range(int(each.steps)):
                x, y = in_rows(each.inputs, each.places[step]), tf.gather(each.targets, each.places[step])
                w = weights(each.rows[step], y) if weights else None
                if mixing:
                    x, y, w = mixing(x, y, w)
                yield (x, y) if w is None else (x, y, w)

    def epoch(order: Indices, steps: int | None = None) -> tuple[Rates, float]:
        order = order[:steps]
        log = StepLog(len(order))
        if isinstance(part, HeldPart):
            x, y, *w = (_one_after_other(pieces) for pieces in zip(*batches(order), strict=True))
            given = {"x": x, "y": y, "sample_weight": w[0] if w else None, "batch_size": order.shape[1]}
        else:
            given = {"x": batches(order), "steps_per_epoch": len(order)}
        history = model.fit(**given, shuffle=False, verbose=0, callbacks=[log])
        for (variable, _), value in zip(averaged, log.weights, strict=True):
            variable.assign(value)
        mean = _mean_loss(model, log.losses) if own else float(history.history["loss"][-1])
        return log.rates[: log.taken], mean

    return epoch


def _one_after_other(parts: Sequence[Any]) -> Any:
    return mapped(lambda *pieces: tf.concat(pieces, 0), *parts)
