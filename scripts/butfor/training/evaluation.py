"""The evaluation of a run: its figures on the parts of the data, and whether its model is of any use."""

from __future__ import annotations

import math

import numpy as np

from butfor.data.dataset import Array, Dataset, Rows
from butfor.records.record import Status
from butfor.training.protocol import Engine
from butfor.training.skill import answers, entropy, skill

MOST_EXAMPLES = 20_000  # of the test set, evenly spaced, that a model's skill is measured on
Figures = dict[str, float]


class Evaluation:
    """Measures an engine's model on training images, rows `train`, on validation images, rows `held`, and on the test set.
    Figures are named `<part>/<figure>`, such as `validation/loss`."""

    def __init__(self, engine: Engine, dataset: Dataset, train: Rows, held: Rows) -> None:
        self._engine, self._dataset = engine, dataset
        self.train, self.held = train, held

    def after_epoch(self) -> Figures:
        """On validation images, and on as many training images."""
        few = self._engine.evaluate("train", self.train[: len(self.held)])
        return {**_named("train", few), **self.validation()}

    def validation(self) -> Figures:
        """On validation images."""
        return _named("validation", self._engine.evaluate("train", self.held))

    def final(self) -> Figures:
        """On all images of each part: the one time that a run sees the test set."""
        tested = self._engine.evaluate("test", np.arange(len(self._dataset.x_test), dtype=np.int32))
        trained = self._engine.evaluate("train", self.train)
        return {**_named("train", trained), **self.validation(), **_named("test", tested)}

    def status(self, metrics: Figures, reason: str) -> tuple[Status, str]:
        """What became of a run with these final figures, and why; `reason`: why a loss broke it on the way, if one did."""
        if not reason:
            broken = [key for key, value in metrics.items() if not math.isfinite(value)]
            reason = f"{broken[0]} was {metrics[broken[0]]} at the end" if broken else ""
        if reason:
            return "diverged", reason
        tested = len(self._dataset.x_test)
        rows = np.linspace(0, tested - 1, min(tested, MOST_EXAMPLES)).astype(np.int32)
        fitted = metrics["train/loss"] < entropy(self._dataset.y_train[self.train])
        return judged(self._engine.logits("test", rows), self._dataset.y_test[rows], fitted)


def judged(logits: Array, labels: Array, fitted: bool) -> tuple[Status, str]:
    """What became of a run that trained to its end, and why, by its model's logits `(n, classes)` on test examples.

    fitted: whether its training loss is lower than that of any constant answer.
    """
    scores, named = skill(logits, labels), answers(logits, labels)
    reached = (
        f"test accuracy {named.accuracy:.4f}, and {100 * named.commonest:.1f} % of the test examples are of one class"
    )
    if scores and not scores.shown(fitted):
        bound = (
            f"1 always, 0 as often as not; less than {scores.bound(fitted):.3f} counts as none, which luck may give"
            if scores.error
            else "its answers are all the same"
        )
        return "at_chance", f"skill {scores.value:.3f} in telling the test classes apart ({bound}); {reached}"
    if named.say_little:
        return (
            "commonest_class",
            f"{reached}: up to {named.bound:.4f}, a standard error above, is no better than always naming that class",
        )
    return "ok", ""


def _named(part: str, figures: Figures) -> Figures:
    return {f"{part}/{name}": value for name, value in figures.items()}
