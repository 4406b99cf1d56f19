"""The loss that a model's own `test_step` returns, over a part of the data as Keras's `evaluate` has it.

Such a loss may be of a batch, as of all pairs of its examples: of larger batches it is another figure, and needs memory for all
pairs of a part.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from butfor.data.several_inputs import mapped
from butfor.engine.data_parts import DataPart, Indices, of_any_number
from butfor.engine.loops import in_rows, step_loss


class OwnLoss:
    """Measures a model by batches of as many examples as it trains on, in the order of the rows. at_once: how many rows are read
    for one call, where that is more than a batch. converts: see compiled_epoch."""

    def __init__(self, model: keras.Model, batch: int, at_once: int, converts: bool) -> None:
        self._model, self._batch, self._at_once = model, batch, whole_batches(at_once, batch)
        self._whole = tf.function(self._sum, autograph=converts)
        self._last = tf.function(self._of_batch, reduce_retracing=True, autograph=converts)
        self._is_traced = False

    def mean(self, part: DataPart, rows: Indices) -> float:
        """The mean over batches, the last of which may be smaller, each by how many examples it has."""
        total = 0.0
        for each in part.examples(rows, self._at_once):
            whole, rest = divmod(each.places.shape[0], self._batch)
            places = tf.reshape(each.places[: whole * self._batch], [whole, self._batch])
            if whole:
                total += self._batch * float(self._sum_of(places, each.inputs, each.targets))
            if rest:
                total += rest * float(self._last(each.places[-rest:], each.inputs, each.targets))
        return total / len(rows)

    def _sum_of(self, *given: Any) -> tf.Tensor:
        if not self._is_traced:
            self._whole.get_concrete_function(*(mapped(of_any_number, each) for each in given))
            self._is_traced = True
        return self._whole(*given)

    def _sum(self, places: tf.Tensor, images: Any, labels: tf.Tensor) -> tf.Tensor:
        """Of whole batches, whose shape is known, as in training; places: `(batches, batch)`."""

        def goes_on(step: tf.Tensor, total: tf.Tensor) -> tf.Tensor:
            return step < tf.shape(places)[0]

        def add(step: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return step + 1, total + tf.cast(self._of_batch(places[step], images, labels), tf.float64)

        # One batch after the other, since a metric of the model may hold the loss of each.
        first = tf.constant(0), tf.constant(0.0, tf.float64)
        _, total = tf.while_loop(goes_on, add, first, parallel_iterations=1)
        return total

    def _of_batch(self, rows: tf.Tensor, images: Any, labels: tf.Tensor) -> tf.Tensor:
        """A `test_step` may return a metric's value, the mean so far: so metrics begin anew."""
        self._model.reset_metrics()
        return step_loss(self._model.test_step((in_rows(images, rows), tf.gather(labels, rows))))


def whole_batches(examples: int, batch: int) -> int:
    """So many examples, or the next smaller number that is of whole batches, one at the least."""
    return max(1, examples // batch) * batch
