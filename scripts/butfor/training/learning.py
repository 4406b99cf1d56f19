"""Whether a run has learnt more than a predictor that always names the commonest class, the mean, the share of a class."""

from __future__ import annotations

import numpy as np

from butfor.data.dataset import Array, Dataset, Rows
from butfor.recipe.tasks import BINARY, CLASSIFICATION, MULTILABEL, OWN, REGRESSION, TASKS
from butfor.records.record import Status
from butfor.training.skill import ENOUGH, STANDARD_ERRORS, answers, entropy, skill

Judgement = tuple[Status, str]
MOST_PLACES = 200_000  # of the test examples' pixels or steps, evenly spaced, that skill is measured on


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


def judged_for(dataset: Dataset, rows: Rows, scores: Array, fitted: bool) -> Judgement:
    """What became of a run that trained to its end, and why, by its model's scores `(n, *outputs)` on rows of the test set.

    fitted: whether its training loss is lower than that of any constant answer.
    """
    task, targets = TASKS[dataset.task], dataset.y_test[rows]
    if task is REGRESSION:
        return judged_numbers(scores, targets, dataset.fitted_targets.mean(axis=0, dtype=np.float64), fitted)
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


def judged_labels(logits: Array, targets: Array, fitted: bool) -> Judgement:
    """That of a model for independent classes, both `(n, classes)`: it has learnt something if it tells one of them apart."""
    each = [skill(two_columns(z), y.astype(np.int32)) for z, y in zip(logits.T, targets.T, strict=True)]
    known = [found for found in each if found]
    if not known or any(found.shown(fitted) for found in known):
        return "ok", ""
    best = max(known, key=lambda found: found.value)
    return "at_chance", (
        f"skill {best.value:.3f} at most in telling the examples with a class from those without (1 always, 0 as often as not;"
        f" less than {best.bound(fitted):.3f} counts as none, which luck may give)"
    )


def judged_numbers(predictions: Array, targets: Array, means: Array, fitted: bool) -> Judgement:
    """That of a regression, predictions and targets `(n, numbers)`: it has learnt nothing if its predictions do not go with the
    targets, or are off by no less than the mean of the training targets, up to what luck may give.

    means: of the training targets.
    """
    n = len(targets)
    with np.errstate(invalid="ignore"):
        pairs = [(p, y) for p, y in zip(predictions.T, targets.T, strict=True) if np.ptp(p) > 0 and np.ptp(y) > 0]
        correlations = [float(np.corrcoef(p.astype(np.float64), y.astype(np.float64))[0, 1]) for p, y in pairs]
    error, trivial = (np.square(each - targets).mean(axis=1, dtype=np.float64) for each in (predictions, means))
    gained, total = trivial - error, float(trivial.mean())
    reached = f"mean squared error {error.mean():.4g} on the test set, {total:.4g} by always naming the training targets' mean"
    luck = STANDARD_ERRORS / np.sqrt(max(n - 1, 1))
    bound = min(luck, ENOUGH) if fitted else ENOUGH
    best = max(correlations, default=0.0)
    if best < bound:
        return (
            "at_chance",
            f"predictions go with the targets by a correlation of {best:.3f} (less than {bound:.3f} counts as none); {reached}",
        )
    spread = float(gained.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0
    if gained.mean() < -spread:
        return "at_chance", f"{reached}"
    return "ok", ""


def knows_trivial(task: str) -> bool:
    """Whether there is a trivial predictor to compare with."""
    return TASKS[task] is not OWN
