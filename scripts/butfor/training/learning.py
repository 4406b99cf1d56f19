"""Whether a run has learnt more than a predictor that always names the commonest class, the share of a class, the
number with the least loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from butfor.data.dataset import Array, Dataset, Rows
from butfor.recipe.tasks import BINARY, CLASSIFICATION, MULTILABEL, OWN, REGRESSION, TASKS
from butfor.records.record import Status
from butfor.training.constant_answer import ConstantAnswer, constant_answer
from butfor.training.skill import ENOUGH, STANDARD_ERRORS, answers, entropy, skill

Recipe = dict[str, Any]
Judgement = tuple[Status, str]
MOST_PLACES = 200_000  # of the test examples' pixels or steps, evenly spaced, that skill is measured on


def constant_for(dataset: Dataset, recipe: Recipe) -> ConstantAnswer | None:
    """The best constant answer to the training targets of a regression (see constant_answer); None of other tasks."""
    return constant_answer(recipe, as_rows(dataset.fitted_targets)) if TASKS[dataset.task] is REGRESSION else None


def trivial_loss(dataset: Dataset, rows: Rows) -> float:
    """The plain loss of the best constant answer to the training targets of some rows."""
    targets, task = dataset.y_train[rows], TASKS[dataset.task]
    if task is REGRESSION:
        return float(np.square(targets - targets.mean(axis=0, dtype=np.float64)).mean())
    if task is MULTILABEL:
        return float(np.mean([entropy(column) for column in targets.T]))
    return entropy(targets.reshape(-1))


def right_answers(dataset: Dataset, rows: Rows, scores: Array) -> Array | None:
    """Whether the class with the highest score is right, `(n,)`; None where an example has not just one class."""
    task = TASKS[dataset.task]
    if task not in (CLASSIFICATION, BINARY):
        return None
    named = scores[:, 0] > 0 if task is BINARY else scores.argmax(axis=1)
    return np.asarray(named == dataset.y_test[rows])


def judged_for(
    dataset: Dataset, rows: Rows, scores: Array, fitted: bool, constant: ConstantAnswer | None = None
) -> Judgement:
    """What became of a run that trained to its end, and why, by its model's scores `(n, *outputs)` on rows of the test set.

    fitted: whether its training loss is lower than that of any constant answer. constant: see constant_for.
    """
    task, targets = TASKS[dataset.task], dataset.y_test[rows]
    if task is REGRESSION:
        return judged_numbers(as_rows(scores), as_rows(targets), constant, fitted)
    if task is MULTILABEL:
        return judged_labels(scores, targets, fitted)
    if task is BINARY:
        scores = two_columns(scores[:, 0])
    if task.places:
        places = np.linspace(0, targets.size - 1, min(targets.size, MOST_PLACES)).astype(np.int64)
        scores, targets = scores.reshape(-1, scores.shape[-1])[places], targets.reshape(-1)[places]
    return judged(scores, targets, fitted)


def two_columns(scores: Array) -> Array:
    """The logits `(n, 2)` of two classes, of which the second has these `(n,)` against the first."""
    return np.stack([np.zeros_like(scores), scores], axis=1)


def judged(logits: Array, labels: Array, fitted: bool) -> Judgement:
    """That of a classifier, by its logits `(n, classes)` on examples with these labels `(n,)`."""
    scores, named = skill(logits, labels), answers(logits, labels)
    reached = (
        f"test accuracy {named.accuracy:.4f}, and {100 * named.commonest:.1f} % of the test examples are of one class"
    )
    if scores and not scores.shown(fitted):
        bound = (
            f"1 always, 0 as often as not; less than {scores.bound(fitted):.3f} counts as none, which {_whose(fitted)} may give"
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


def judged_labels(logits: Array, targets: Array, fitted: bool) -> Judgement:
    """That of a model for independent classes, both `(n, classes)`: it has learnt something if it tells one of them apart."""
    each = [skill(two_columns(z), y.astype(np.int32)) for z, y in zip(logits.T, targets.T, strict=True)]
    known = [own for own in each if own]
    if not known or any(own.shown(fitted) for own in known):
        return "ok", ""
    best = max(known, key=lambda own: own.value)
    return "at_chance", (
        f"skill {best.value:.3f} at most in telling the examples with a class from those without (1 always, 0 as often as not;"
        f" less than {best.bound(fitted):.3f} counts as none, which {_whose(fitted)} may give)"
    )


def _whose(fitted: bool) -> str:
    """What gives so little skill: luck, or what a network has before it trains."""
    return "luck" if fitted else "a network that fits its training examples no better than a constant answer"


def judged_numbers(predictions: Array, targets: Array, constant: ConstantAnswer | None, fitted: bool) -> Judgement:
    """That of a regression, predictions and targets `(n, numbers)`: it has learnt something if its predictions go with the
    targets, or lose less than the best constant answer to the training targets, and if they do not lose more, up to what luck
    may give.

    constant: that answer, by the loss that the run was trained by; None where that is unknown, so that only the first is asked.
    """
    n = len(targets)
    best = max(_correlations(predictions, targets), default=0.0)
    luck = STANDARD_ERRORS / np.sqrt(max(n - 1, 1))
    bound = min(luck, ENOUGH) if fitted else ENOUGH
    apart = f"predictions go with the targets by a correlation of {best:.3f} (less than {bound:.3f} counts as none)"
    if constant is None:
        return ("at_chance", apart) if best < bound else ("ok", "")
    losses, of_constant = (constant.losses(each, targets) for each in (predictions, constant.numbers))
    gained, reached = of_constant - losses, constant.in_words(losses.mean(), of_constant.mean())
    error = float(gained.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0
    better = fitted and error > 0 and gained.mean() >= STANDARD_ERRORS * error
    if best < bound and not better:
        return "at_chance", f"{apart}; {reached}"
    if gained.mean() < -error:
        return "at_chance", reached
    return "ok", ""


def _correlations(predictions: Array, targets: Array) -> list[float]:
    """Of each number's predictions with its targets, both `(n, numbers)`, where both vary."""
    with np.errstate(invalid="ignore"):
        return [
            float(np.corrcoef(p.astype(np.float64), y.astype(np.float64))[0, 1])
            for p, y in zip(predictions.T, targets.T, strict=True)
            if np.ptp(p) > 0 and np.ptp(y) > 0
        ]


def as_rows(numbers: Array) -> Array:
    """The targets or predictions of a regression, of any shape, as `(n, numbers)`."""
    return numbers.reshape(len(numbers), -1)


def knows_trivial(task: str) -> bool:
    """Whether there is a trivial predictor to compare with."""
    return TASKS[task] is not OWN
