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
from butfor.engine.data_parts import DataPart, Indices, Portion, of_any_number
from butfor.engine.loops import in_rows
from butfor.engine.losses import LOGITS
from butfor.engine.own_loss import OwnLoss, whole_batches
from butfor.recipe.tasks import OWN
from butfor.recipe.watched_figures import TRAINED
from butfor.user_code.location import OwnCodeError

EVALUATION_BATCH = 2000
Scores = npt.NDArray[np.float32]
Sums = tuple[tf.Tensor, ...]  # of a batch's figures, of its losses and, where it is measured, of its trained loss


class Inference:
    """A model in inference mode, compiled once for all parts of the data and all numbers of examples; where its code is a
    user's, which may count on a number, anew for some. converts: see compiled_epoch. trained: the loss that trains, where it
    is measured too. batch: of how many examples figures are worked out at once, where a loss may be of a batch."""

    def __init__(
        self,
        model: keras.Model,
        answers: Answers = LOGITS,
        converts: bool = True,
        trained: keras.losses.Loss | None = None,
        batch: int | None = None,
    ) -> None:
        self._model, self._answers, self._converts, self._trained = model, answers, converts, trained
        self._names = [answers.task.figure, "loss", *([TRAINED] if trained else [])]
        self._batch = batch or EVALUATION_BATCH
        self._at_once = whole_batches(EVALUATION_BATCH, self._batch)
        self._own_loss = OwnLoss(model, self._batch, self._at_once, converts)
        self._figures = self._compiled(self._sums)
        self._outputs = self._compiled(self._scored)
        self._traced: set[int] = set()

    def _compiled(self, function: Any) -> Any:
        return tf.function(function, reduce_retracing=True, autograph=self._converts)

    def _run(self, function: Any, *given: Any) -> Any:
        if not self._converts and id(function) not in self._traced:
            self._traced.add(id(function))
            function.get_concrete_function(*(mapped(of_any_number, each) for each in given))
        return function(*given)

    def evaluate(self, part: DataPart, rows: Indices) -> dict[str, float]:
        """The mean of the task's plain `loss` over rows of a part of the data, and of what is measured beside it, without penalty
        terms, so that training, validation and test figures can be subtracted."""
        if self._answers.task is OWN:
            return {"loss": self._own_loss.mean(part, rows)}
        sums = [0.0] * len(self._names)
        for each in part.examples(rows, self._at_once):
            more = self._run(self._figures, each.places, each.inputs, each.targets)
            sums = [before + float(own) for before, own in zip(sums, more, strict=True)]
        return {name: value / len(rows) for name, value in zip(self._names, sums, strict=True)}

    def figures_and_scores(self, part: DataPart, rows: Indices) -> tuple[dict[str, float], Scores]:
        """What `evaluate` and `scores` give, the figures of the scores, where scores tell all of them."""
        if self._answers.task is OWN or self._trained:
            return self.evaluate(part, rows), self.scores(part, rows)
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
        def goes_on(start: tf.Tensor, *sums: tf.Tensor) -> tf.Tensor:
            return start < tf.shape(rows)[0]

        def add(start: tf.Tensor, *sums: tf.Tensor) -> tuple[tf.Tensor, ...]:
            batch = rows[start : start + self._batch]
            outputs, targets = self._model(in_rows(images, batch), training=False), tf.gather(labels, batch)
            more = (*self._sums_of(targets, self._answers.scores(outputs)), *self._trained_sum(targets, outputs))
            return start + self._batch, *(before + own for before, own in zip(sums, more, strict=True))

        nothing = tf.constant(0.0, tf.float64)
        _, *sums = tf.while_loop(goes_on, add, (tf.constant(0), *[nothing] * len(self._names)))
        return tuple(sums)

    def _trained_sum(self, targets: tf.Tensor, outputs: tf.Tensor) -> Sums:
        """The mean of the trained loss as a step takes it, times how many examples the batch has: a loss may have one value for
        all of them. Nothing where it is not measured."""
        if not self._trained:
            return ()
        mean = tf.cast(self._trained(targets, outputs), tf.float64)
        return (mean * tf.cast(tf.shape(targets)[0], tf.float64),)

    def scores(self, part: DataPart, rows: Indices) -> Scores:
        """The model's scores for rows of a part of the data, `(n, *outputs)`. Raises OwnCodeError for several arrays."""
        pieces = []
        for each, _ in _batches(part, rows):
            scores = self._run(self._outputs, each.places, each.inputs)
            if not tf.is_tensor(scores):
                raise OwnCodeError(_several(scores))
            pieces.append(scores.numpy())
        return np.concatenate(pieces)

    def _scored(self, rows: tf.Tensor, images: Any) -> Any:
        """The scores; of several outputs the outputs, since an error that is raised while a graph is built loses its words."""
        outputs = self._model(in_rows(images, rows), training=False)
        single = tf.nest.flatten(outputs)
        return self._answers.scores(tf.cast(single[0], tf.float32)) if len(single) == 1 else outputs


def _batches(part: DataPart, rows: Indices) -> Iterator[tuple[Portion, int]]:
    """Each batch of rows, and how many they are."""
    for batch in np.split(rows, range(EVALUATION_BATCH, len(rows), EVALUATION_BATCH)):
        yield from ((each, len(batch)) for each in part.examples(batch, EVALUATION_BATCH))


def _several(outputs: Any) -> str:
    names = f" of {', '.join(map(str, outputs))}" if isinstance(outputs, dict) else f" of {len(outputs)} arrays"
    return (
        f"expected one array from the model with training=False, as its predictions are kept, received a {type(outputs).__name__}"
        f"{names}. Return the array that metrics are to see there, or leave out metrics that need predictions and keep:"
        " {predictions: true}."
    )
