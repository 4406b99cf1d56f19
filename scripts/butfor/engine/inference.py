"""What a model gives for examples in inference mode, its figures and its scores, each by a compiled call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from butfor.data.several_inputs import mapped
from butfor.engine.answers import Answers
from butfor.engine.data_parts import DataPart, Indices, Portion
from butfor.engine.loops import in_rows, step_loss
from butfor.engine.losses import LOGITS
from butfor.recipe.tasks import OWN

EVALUATION_BATCH = 2000
Scores = npt.NDArray[np.float32]
Sums = tuple[tf.Tensor, tf.Tensor]  # of a batch's figures, and of its losses


class Inference:
    """A model in inference mode, compiled once for all parts of the data and all numbers of examples; where its code is a
    user's, which may count on a number, anew for some. converts: see compiled_epoch."""

    def __init__(self, model: keras.Model, answers: Answers = LOGITS, converts: bool = True) -> None:
        self._model, self._answers, self._converts = model, answers, converts
        self._figures = self._compiled(self._own_loss if answers.task is OWN else self._sums)
        self._outputs = self._compiled(self._scored)
        self._traced: set[int] = set()

    def _compiled(self, function: Any) -> Any:
        return tf.function(function, reduce_retracing=True, autograph=self._converts)

    def _run(self, function: Any, *given: Any) -> Any:
        if not self._converts and id(function) not in self._traced:
            self._traced.add(id(function))
            function.get_concrete_function(*(mapped(_of_any_number, each) for each in given))
        return function(*given)

    def evaluate(self, part: DataPart, rows: Indices) -> dict[str, float]:
        """The mean of the task's plain `loss` over rows of a part of the data, and of what is measured beside it, without penalty
        terms, so that training, validation and test figures can be subtracted."""
        if self._answers.task is OWN:
            return self._evaluate_own(part, rows)
        figure = loss = 0.0
        for each in part.examples(rows, EVALUATION_BATCH):
            figures, losses = self._run(self._figures, each.places, each.inputs, each.targets)
            figure, loss = figure + float(figures), loss + float(losses)
        return {self._answers.task.figure: figure / len(rows), "loss": loss / len(rows)}

    def figures_and_scores(self, part: DataPart, rows: Indices) -> tuple[dict[str, float], Scores]:
        """What `evaluate` and `scores` give, the figures of the scores, where the model has no loss of its own."""
        if self._answers.task is OWN:
            return self._evaluate_own(part, rows), self.scores(part, rows)
        figure = loss = 0.0
        pieces = []
        for each, _ in _batches(part, rows):
            scores = self._run(self._outputs, each.places, each.inputs)
            figures, losses = self._sums_of(tf.gather(each.targets, each.places), scores)
            figure, loss = figure + float(figures), loss + float(losses)
            pieces.append(scores.numpy())
        return {self._answers.task.figure: figure / len(rows), "loss": loss / len(rows)}, np.concatenate(pieces)

    def _sums_of(self, targets: tf.Tensor, scores: tf.Tensor) -> Sums:
        losses = tf.cast(self._answers.losses(targets, scores), tf.float64)
        return tf.reduce_sum(self._answers.figures(targets, scores)), tf.reduce_sum(losses)

    def _sums(self, rows: tf.Tensor, images: Any, labels: tf.Tensor) -> Sums:
        def goes_on(start: tf.Tensor, figure: tf.Tensor, loss: tf.Tensor) -> tf.Tensor:
            return start < tf.shape(rows)[0]

        def add(start: tf.Tensor, figure: tf.Tensor, loss: tf.Tensor) -> tuple[tf.Tensor, ...]:
            batch = rows[start : start + EVALUATION_BATCH]
            scores = self._answers.scores(self._model(in_rows(images, batch), training=False))
            figures, losses = self._sums_of(tf.gather(labels, batch), scores)
            return start + EVALUATION_BATCH, figure + figures, loss + losses

        nothing = tf.constant(0.0, tf.float64)
        _, figure, loss = tf.while_loop(goes_on, add, (tf.constant(0), nothing, nothing))
        return figure, loss

    def _evaluate_own(self, part: DataPart, rows: Indices) -> dict[str, float]:
        """The mean `loss` that the model's own `test_step` returns; one that returns a metric's value is reset for each batch."""
        total = 0.0
        for each, size in _batches(part, rows):
            self._model.reset_metrics()
            total += float(self._run(self._figures, each.places, each.inputs, each.targets)) * size
        return {"loss": total / len(rows)}

    def _own_loss(self, rows: tf.Tensor, images: Any, labels: tf.Tensor) -> tf.Tensor:
        return step_loss(self._model.test_step((in_rows(images, rows), tf.gather(labels, rows))))

    def scores(self, part: DataPart, rows: Indices) -> Scores:
        """The model's scores for rows of a part of the data, `(n, *outputs)`."""
        every = (each for each, _ in _batches(part, rows))
        return np.concatenate([self._run(self._outputs, each.places, each.inputs).numpy() for each in every])

    def _scored(self, rows: tf.Tensor, images: Any) -> tf.Tensor:
        outputs = self._model(in_rows(images, rows), training=False)
        return self._answers.scores(tf.cast(outputs, tf.float32))


def _batches(part: DataPart, rows: Indices) -> Iterator[tuple[Portion, int]]:
    """Each batch of rows, and how many they are."""
    for batch in np.split(rows, range(EVALUATION_BATCH, len(rows), EVALUATION_BATCH)):
        yield from ((each, len(batch)) for each in part.examples(batch, EVALUATION_BATCH))


def _of_any_number(examples: tf.Tensor) -> tf.TensorSpec:
    return tf.TensorSpec([None, *examples.shape[1:]], examples.dtype)
