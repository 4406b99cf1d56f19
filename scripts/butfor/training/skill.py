"""The skill of a classifier: whether its scores tell classes apart, and whether its answers are more than the commonest class.

Both are asked of test examples in a way that holds for 20 and 20 000 of them and for any balance of classes: a model that
says the same of every example never passes, and a good one is not refused because too few examples could show it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from butfor.data.dataset import Array

STANDARD_ERRORS = 3.0
ENOUGH = 1 / 3  # skill that always counts: few examples of a class may not reach three standard errors
ROUNDING = 1e-4  # nats by which scores must differ to be told apart
FEWEST_OTHERS = 10  # test examples outside the commonest class, below which answers cannot be expected to name another
AGREEMENT = 0.2  # Cohen's kappa below which answers say little but the commonest class


@dataclass(frozen=True)
class Skill:
    """How well scores rank the examples of each class above the others: 1 always, 0 as often as not, -1 never.

    value: of two classes twice the area under the ROC curve, less 1 (Somers' D); of more, the same for each class against
    the rest, as a mean weighted by the pairs of examples. error: its standard deviation where scores have nothing to do
    with classes.
    """

    value: float
    error: float

    def bound(self, fitted: bool) -> float:
        """The skill from which a model counts as having learnt something. One that has not `fitted` its training data better
        than a constant answer would needs more: an untrained network's features tell classes apart a little, by luck."""
        return min(STANDARD_ERRORS * self.error, ENOUGH) if fitted else ENOUGH

    def shown(self, fitted: bool) -> bool:
        """Whether the model has learnt something; never where its scores are the same for every example."""
        return self.value >= self.bound(fitted) and self.error > 0


@dataclass(frozen=True)
class Answers:
    """The classes that a model names: their accuracy, that of always naming the commonest class, the accuracy one standard error
    above that, and whether they say little but the commonest class."""

    accuracy: float
    commonest: float
    bound: float
    say_little: bool


def skill(logits: Array, labels: Array) -> Skill | None:
    """The skill of logits `(n, classes)` on examples with these labels `(n,)`; None where they vary and all examples are of
    one class, so that nothing can be told.

    The standard deviation is exact over all orders of the labels (Hoeffding 1951, A combinatorial central limit theorem).
    """
    n, counts = len(labels), np.bincount(labels, minlength=logits.shape[1])
    ranks = np.stack([_centred_ranks(column) for column in log_odds(logits).T], axis=1)
    if not ranks.any():
        return Skill(0.0, 0.0)
    most = (counts * (1 - counts / n)).sum() / 2
    if not most:
        return None
    expected = (ranks @ counts / n)[:, None]
    variance = (np.square(ranks - expected) @ counts).sum() / (n - 1)
    return Skill(float(ranks[np.arange(n), labels].sum() / most), float(np.sqrt(variance) / most))


def answers(logits: Array, labels: Array) -> Answers:
    """What the largest of the logits `(n, classes)` say of examples with these labels `(n,)`.

    They say little where kappa, their agreement with the labels beyond what their frequencies give, is small and the
    accuracy is no better than the commonest class's, on examples enough to show it (Cohen 1960).
    """
    n, counts, named = len(labels), np.bincount(labels, minlength=logits.shape[1]), logits.argmax(axis=1)
    accuracy, commonest = float((named == labels).mean()), float(counts.max() / n)
    by_frequency = float(counts @ np.bincount(named, minlength=len(counts))) / n**2
    bound = commonest + float(np.sqrt(commonest * (1 - commonest) / n))
    little = accuracy - by_frequency < AGREEMENT * (1 - by_frequency)
    return Answers(accuracy, commonest, bound, little and accuracy <= bound and n - counts.max() >= FEWEST_OTHERS)


def entropy(labels: Array) -> float:
    """The mean loss in nats of the best constant answer to these labels `(n,)`."""
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    return float(-(shares * np.log(shares)).sum())


def log_odds(logits: Array) -> Array:
    """The logarithm of each class's odds against all others, float64, precise also where a probability is nearly 1."""
    scores, rows = logits.astype(np.float64), np.arange(len(logits))
    top = scores.argmax(axis=1)
    shifted = scores - scores.max(axis=1, keepdims=True)
    others = np.exp(shifted)
    others[rows, top] = 0.0
    rest = others.sum(axis=1)
    odds = shifted - np.log1p(np.maximum(rest[:, None] - others, 0.0))
    with np.errstate(divide="ignore"):
        odds[rows, top] = -np.log(rest)
    return np.asarray(odds)


def _centred_ranks(scores: Array) -> Array:
    """Ranks as shares of their number, around 0; equal for equal scores."""
    _, places, counts = np.unique(np.round(scores / ROUNDING), return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2 - (len(scores) + 1) / 2
    return np.asarray(middle[places] / len(scores))
