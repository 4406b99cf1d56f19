"""The evaluation of a run: its figures on the parts of the data, and whether its model is of any use."""

from __future__ import annotations

import math

import numpy as np

from butfor.data.dataset import Array, Dataset, Rows
from butfor.recipe.tasks import REGRESSION, TASKS
from butfor.recipe.watched_figures import metrics_watched
from butfor.records.record import Status
from butfor.records.right_answers import packed_answers
from butfor.training.constant_answer import ConstantAnswer
from butfor.training.constant_classes import beats_constant, has_constant, trains_for_shares
from butfor.training.learning import (
    MOST_PLACES,
    as_rows,
    constant_for,
    judged_for,
    knows_trivial,
    right_answers,
    trivial_loss,
)
from butfor.training.predictions import prediction_of
from butfor.training.protocol import Engine, Recipe
from butfor.training.scorer_choice import Scores

MOST_EXAMPLES = 20_000  # of the test set, evenly spaced, that a model's skill is measured on
Figures = dict[str, float]


class Evaluation:
    """Measures an engine's model on training images, rows `train`, on validation images, rows `held`, and on the test set.
    Figures are named `<part>/<figure>`, such as `validation/loss`. `tested`: the scores of the whole test set, `(n, *outputs)`,
    once its figures were measured by the same pass; None if they were not. recipe: what the model is trained by. scores: what
    computes the metrics that it watches, of predictions for validation images, if there are any."""

    def __init__(
        self,
        engine: Engine,
        dataset: Dataset,
        train: Rows,
        held: Rows,
        recipe: Recipe,
        scores: Scores | None = None,
    ) -> None:
        self._engine, self._dataset, self._recipe, self._scores = engine, dataset, recipe, scores
        self.train, self.held = train, held
        self.tested: Array | None = None

    def after_epoch(self) -> Figures:
        """On validation images, and on as many training images."""
        few = self._engine.evaluate("train", self.train[: len(self.held)])
        return {**_named("train", few), **self.validation()}

    def validation(self) -> Figures:
        """On validation images, with the metrics that are watched."""
        if self._scores is None:
            return _named("validation", self._engine.evaluate("train", self.held))
        figures, scores = self._engine.figures_and_scores("train", self.held)
        return _named("validation", figures | self._scores(prediction_of(scores, self._dataset.task)))

    def final(self) -> Figures:
        """On all images of each part: the one time that a run sees the test set."""
        tested = self._test()
        trained = self._engine.evaluate("train", self.train)
        return {**_named("train", trained), **self.final_validation(), **_named("test", tested)}

    def final_validation(self) -> Figures:
        """On validation images, without a metric that is undefined, which is no sign of divergence."""
        figures, metrics = self.validation(), {f"validation/{each['name']}" for each in metrics_watched(self._recipe)}
        return {name: value for name, value in figures.items() if name not in metrics or math.isfinite(value)}

    def status(self, metrics: Figures, reason: str) -> tuple[Status, str, str]:
        """What became of a run with these final figures, why, and which test examples its answers are right for (see a record's
        `right`); `reason`: why a loss broke it on the way, if one did."""
        if not reason:
            broken = [key for key, value in metrics.items() if not math.isfinite(value)]
            reason = f"{broken[0]} was {metrics[broken[0]]} at the end" if broken else ""
        if reason:
            return "diverged", reason, ""
        if not knows_trivial(self._dataset.task):
            return "ok", "", ""
        rows = judged_rows(self._dataset)
        constant = constant_for(self._dataset, self._recipe)
        fitted = self._fitted(metrics, constant)
        scores = self._engine.scores("test", rows) if self.tested is None else self.tested
        right = right_answers(self._dataset, rows, scores)
        judgement = judged_for(self._dataset, rows, scores, fitted, constant)
        return *judgement, "" if right is None else packed_answers(right)

    def _fitted(self, metrics: Figures, constant: ConstantAnswer | None) -> bool:
        """Whether the model answers its training examples better than any constant would, by what it was trained for; so it
        counts where nothing but the engine knows its loss."""
        classifies = TASKS[self._dataset.task] is not REGRESSION
        by_plain_loss = trains_for_shares(self._recipe) if classifies else constant is not None and constant.plain
        if by_plain_loss:
            return metrics["train/loss"] < trivial_loss(self._dataset, self.train)
        if classifies:
            if not has_constant(self._recipe):
                return True
            rows = _spaced(self.train, MOST_PLACES // math.prod(self._dataset.y_train.shape[1:]))
            return beats_constant(self._recipe, self._dataset, rows, self._engine.scores("train", rows))
        if constant is None:
            return True
        rows = _spaced(self.train)
        targets = as_rows(self._dataset.y_train[rows])
        losses = constant.losses(as_rows(self._engine.scores("train", rows)), targets)
        return bool(losses.mean() < constant.losses(constant.numbers, targets).mean())

    def _test(self) -> Figures:
        """Figures on the test set, and its scores, unless these are so many that skill is measured on some, or none is."""
        rows = np.arange(len(self._dataset.y_test), dtype=np.int32)
        if len(rows) > MOST_EXAMPLES or not knows_trivial(self._dataset.task):
            return self._engine.evaluate("test", rows)
        figures, self.tested = self._engine.figures_and_scores("test", rows)
        return figures


def judged_rows(dataset: Dataset) -> Rows:
    """The test examples that a model's skill is measured on: all, unless these are too many."""
    return _spaced(np.arange(len(dataset.y_test), dtype=np.int32))


def _spaced(rows: Rows, most: int = MOST_EXAMPLES) -> Rows:
    """As many of some rows as a model's skill is measured on, and no more than `most`, evenly spaced."""
    return rows[np.linspace(0, len(rows) - 1, max(1, min(len(rows), MOST_EXAMPLES, most))).astype(np.int32)]


def _named(part: str, figures: Figures) -> Figures:
    return {f"{part}/{name}": value for name, value in figures.items()}
