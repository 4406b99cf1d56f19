"""The metrics of the catalogue, a function for each row of it, computed by scikit-learn where it has them.

What they take is truth and prediction as `answered` gives them; options as in study/metric_catalogue.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn import metrics as sk

Array = npt.NDArray[Any]
Options = dict[str, Any]


@dataclass(frozen=True)
class Answered:
    """Examples with what a model says of them.

    truth: labels `(n,)` from 0, in a multilabel task 0 or 1 `(n, k)`; of regression the targets `(n, …)`. predicted:
    probabilities `(n, classes)`, in a multilabel task `(n, k)`; of regression as the truth. labels: the classes that are
    named, in the shape of truth.
    """

    truth: Array
    predicted: Array

    @property
    def labels(self) -> Array:
        """The likeliest class; in a multilabel task, each label that is likelier than not."""
        return self.predicted.argmax(axis=-1) if self.truth.ndim == 1 else (self.predicted > 0.5).astype(np.int8)

    @property
    def classes(self) -> Array:
        """All classes, also those that no example is of."""
        return np.arange(self.predicted.shape[1])

    @property
    def one_hot(self) -> Array:
        """The truth as probabilities."""
        return self.truth if self.truth.ndim > 1 else np.eye(self.predicted.shape[1])[self.truth]


def answered(truth: Array, prediction: Array, task: str) -> Answered:
    """Truth and prediction in the shapes that metrics take: a probability alone becomes those of both classes, and each pixel
    or step of a sequence counts as an example."""
    if task in ("regression", "multilabel"):
        return Answered(truth.reshape(prediction.shape), prediction)
    if prediction.ndim == truth.ndim and prediction.shape[-1] != 1:
        prediction = prediction[..., None]
    if prediction.shape[-1] == 1:
        prediction = np.concatenate([1 - prediction, prediction], axis=-1)
    return Answered(truth.astype(np.int64).reshape(-1), prediction.reshape(-1, prediction.shape[-1]))


def _averaged(score: Callable[..., Any], way: str) -> Callable[[Answered, Options], float]:
    def function(a: Answered, options: Options) -> float:
        return float(score(a.truth, a.labels, average=way, zero_division=0.0))

    return function


def _of_class(score: Callable[..., Any]) -> Callable[[Answered, Options], float]:
    def function(a: Answered, options: Options) -> float:
        positive = 1 if options["positive"] is None else options["positive"]
        return float(score(a.truth == positive, a.labels == positive, zero_division=0.0))

    return function


def _overlap(score: Callable[..., Any]) -> Callable[[Answered, Options], float]:
    """The mean over the classes that are named or true of how far these overlap; over those asked for, if any are."""

    def function(a: Answered, options: Options) -> float:
        several = a.truth.ndim > 1
        there = a.classes if several else np.union1d(a.truth, a.labels)
        classes = there if options["classes"] is None else np.intersect1d(there, options["classes"])
        by_class = score(a.truth, a.labels, labels=classes, average=None, zero_division=0.0)
        return float(np.mean(by_class)) if len(classes) else math.nan

    return function


def _roc_auc(a: Answered, options: Options) -> float:
    if a.truth.ndim == 1 and (positive := options.get("positive")) is not None:
        return float(sk.roc_auc_score(a.truth == positive, a.predicted[:, positive]))
    if a.truth.ndim == 1 and a.predicted.shape[1] == 2:
        return float(sk.roc_auc_score(a.truth, a.predicted[:, 1]))
    return float(np.mean([sk.roc_auc_score(a.one_hot[:, c], a.predicted[:, c]) for c in a.classes]))


def _pr_auc(a: Answered, options: Options) -> float:
    positive = options["positive"]
    if a.truth.ndim == 1 and (positive is not None or a.predicted.shape[1] == 2):
        positive = 1 if positive is None else positive
        return float(sk.average_precision_score(a.truth == positive, a.predicted[:, positive]))
    return float(np.mean([sk.average_precision_score(a.one_hot[:, c], a.predicted[:, c]) for c in a.classes]))


def _log_loss(a: Answered, _: Options) -> float:
    p = np.clip(a.predicted.astype(np.float64), np.finfo(np.float32).eps, 1.0)
    if a.truth.ndim == 1:
        return float(-np.log(p[np.arange(len(p)), a.truth]).mean())
    rest = np.clip(1 - a.predicted.astype(np.float64), np.finfo(np.float32).eps, 1.0)
    return float(-np.where(a.truth, np.log(p), np.log(rest)).mean())


def _brier(a: Answered, _: Options) -> float:
    """Of two classes (p - y)², of more the sum over classes (Brier 1950); the mean over examples."""
    squares = np.square(a.predicted.astype(np.float64) - a.one_hot)
    if a.truth.ndim > 1:
        return float(squares.mean())
    return float(squares[:, 1].mean() if squares.shape[1] == 2 else squares.sum(axis=1).mean())


def _ece(a: Answered, options: Options) -> float:
    """By how much confidence and accuracy differ, over bins of equal width of the confidence (Guo et al. 2017)."""
    sure, right = a.predicted.max(axis=1).astype(np.float64), a.labels == a.truth
    bins = np.clip(np.ceil(sure * options["bins"]).astype(int) - 1, 0, options["bins"] - 1)
    gaps = np.bincount(bins, weights=right - sure, minlength=options["bins"])
    return float(np.abs(gaps).sum() / len(sure))


def _top_k(a: Answered, options: Options) -> float:
    own = a.predicted[np.arange(len(a.truth)), a.truth]
    return float(((a.predicted > own[:, None]).sum(axis=1) < options["k"]).mean())


def _correlation(function: Callable[..., Any]) -> Callable[[Answered, Options], float]:
    return lambda a, _: float(function(a.truth.reshape(-1), a.predicted.reshape(-1))[0])


def _of_numbers(function: Callable[..., Any], **options: str) -> Callable[[Answered, Options], float]:
    """One of scikit-learn's of truth and prediction, by whose names our options go."""

    def score(a: Answered, given: Options) -> float:
        flat = a.truth.reshape(len(a.truth), -1), a.predicted.reshape(len(a.predicted), -1)
        return float(function(*flat, **{name: given[key] for key, name in options.items()}))

    return score


SCORES: dict[str, Callable[[Answered, Options], float]] = {
    "accuracy": lambda a, _: float((a.labels == a.truth).mean()),
    "balanced_accuracy": lambda a, _: float(
        sk.recall_score(a.truth, a.labels, average="macro", labels=np.unique(a.truth))
    ),
    "top_k_accuracy": _top_k,
    **{
        f"{name}_{way}": _averaged(score, way)
        for name, score in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score))
        for way in ("macro", "micro", "weighted")
    },
    "precision": _of_class(sk.precision_score),
    "recall": _of_class(sk.recall_score),
    "f1": _of_class(sk.f1_score),
    "matthews": lambda a, _: float(sk.matthews_corrcoef(a.truth, a.labels)),
    "cohen_kappa": lambda a, options: float(sk.cohen_kappa_score(a.truth, a.labels, weights=options["weights"])),
    "roc_auc": _roc_auc,
    "pr_auc": _pr_auc,
    "log_loss": _log_loss,
    "brier": _brier,
    "ece": _ece,
    "iou": _overlap(sk.jaccard_score),
    "dice": _overlap(sk.f1_score),
    "mae": _of_numbers(sk.mean_absolute_error),
    "mse": _of_numbers(sk.mean_squared_error),
    "rmse": lambda a, _: float(np.sqrt(np.mean(np.square(a.truth.astype(np.float64) - a.predicted)))),
    "mape": _of_numbers(sk.mean_absolute_percentage_error),
    "r2": _of_numbers(sk.r2_score),
    "spearman": _correlation(stats.spearmanr),
    "pearson": _correlation(stats.pearsonr),
    "pinball": _of_numbers(sk.mean_pinball_loss, alpha="alpha"),
}
