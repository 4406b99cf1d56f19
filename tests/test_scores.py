"""The metrics of the catalogue against scikit-learn's own names for them, and against sums done by hand."""

import numpy as np
import pytest
from sklearn import metrics as sk

from butfor.metrics.scores import SCORES, answered
from butfor.study.metric_catalogue import CATALOGUE, CLASSES

RNG = np.random.default_rng(3)
LABELS, PROBABILITIES = RNG.integers(4, size=300), RNG.dirichlet(np.ones(4), size=300).astype(np.float32)
NAMED = PROBABILITIES.argmax(axis=1)
TWO, OF_ONE = RNG.integers(2, size=300), RNG.uniform(size=300).astype(np.float32)
NUMBERS = RNG.normal(size=300) + 3
GUESSES = NUMBERS + RNG.normal(size=300)


def score(name, truth, prediction, task, **options):
    return SCORES[name](answered(truth, prediction, task), {**CATALOGUE[name].options, **options})


def one_against_the_rest(function):
    return np.mean([function(c == LABELS, PROBABILITIES[:, c]) for c in range(4)])


def test_every_row_of_the_catalogue_has_its_function():
    assert set(SCORES) == set(CATALOGUE)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("accuracy", {}, sk.accuracy_score(LABELS, NAMED)),
        ("balanced_accuracy", {}, sk.balanced_accuracy_score(LABELS, NAMED)),
        ("top_k_accuracy", {"k": 2}, sk.top_k_accuracy_score(LABELS, PROBABILITIES, k=2)),
        ("precision_macro", {}, sk.precision_score(LABELS, NAMED, average="macro")),
        ("recall_weighted", {}, sk.recall_score(LABELS, NAMED, average="weighted")),
        ("f1_micro", {}, sk.f1_score(LABELS, NAMED, average="micro")),
        ("f1", {"positive": 3}, sk.f1_score(LABELS == 3, NAMED == 3)),
        ("matthews", {}, sk.matthews_corrcoef(LABELS, NAMED)),
        ("cohen_kappa", {"weights": "quadratic"}, sk.cohen_kappa_score(LABELS, NAMED, weights="quadratic")),
        ("roc_auc", {}, sk.roc_auc_score(LABELS, PROBABILITIES.astype(float), multi_class="ovr")),
        ("pr_auc", {}, one_against_the_rest(sk.average_precision_score)),
        ("pr_auc", {"positive": 2}, sk.average_precision_score(LABELS == 2, PROBABILITIES[:, 2])),
        ("log_loss", {}, sk.log_loss(LABELS, PROBABILITIES.astype(float))),
        ("iou", {}, sk.jaccard_score(LABELS, NAMED, average="macro")),
        ("dice", {"classes": [1, 3]}, sk.f1_score(LABELS, NAMED, labels=[1, 3], average="macro")),
    ],
)  # fmt: skip
def test_classes_are_scored_as_scikit_learn_does(name, options, expected):
    assert score(name, LABELS, PROBABILITIES, "classification", **options) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("f1", sk.f1_score(TWO, OF_ONE > 0.5)),
        ("roc_auc", sk.roc_auc_score(TWO, OF_ONE)),
        ("pr_auc", sk.average_precision_score(TWO, OF_ONE)),
        ("brier", sk.brier_score_loss(TWO, OF_ONE)),
        ("log_loss", sk.log_loss(TWO, OF_ONE.astype(float))),
    ],
)
def test_a_probability_alone_is_that_of_the_second_class(name, expected):
    assert score(name, TWO, OF_ONE, "binary") == pytest.approx(expected, abs=1e-6)
    assert score(name, TWO[:, None], OF_ONE[:, None], "binary") == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mae", sk.mean_absolute_error(NUMBERS, GUESSES)),
        ("mse", sk.mean_squared_error(NUMBERS, GUESSES)),
        ("rmse", sk.root_mean_squared_error(NUMBERS, GUESSES)),
        ("mape", sk.mean_absolute_percentage_error(NUMBERS, GUESSES)),
        ("r2", sk.r2_score(NUMBERS, GUESSES)),
        ("pinball", sk.mean_pinball_loss(NUMBERS, GUESSES, alpha=0.5)),
        ("pearson", np.corrcoef(NUMBERS, GUESSES)[0, 1]),
        ("spearman", np.corrcoef(NUMBERS.argsort().argsort(), GUESSES.argsort().argsort())[0, 1]),
    ],
)
def test_numbers_are_scored_as_scikit_learn_does(name, expected):
    assert score(name, NUMBERS, GUESSES[:, None], "regression") == pytest.approx(expected)


def test_a_calibration_error_is_the_mean_gap_of_confidence_and_accuracy():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.0, 1.0]])
    right = np.array([0, 1, 1, 1])  # half of those that are 90 % sure, all of the others
    assert score("ece", right, probabilities, "classification", bins=10) == pytest.approx((2 * 0.4 + 0.4 + 0) / 4)


def test_a_brier_score_of_more_classes_is_the_sum_over_classes():
    expected = np.square(PROBABILITIES - np.eye(4)[LABELS]).sum(axis=1).mean()
    assert score("brier", LABELS, PROBABILITIES, "classification") == pytest.approx(expected, abs=1e-6)


def test_pixels_and_labels_of_their_own_are_scored_each():
    truth, predicted = RNG.integers(3, size=(4, 6, 6)), RNG.dirichlet(np.ones(3), size=(4, 6, 6))
    expected = sk.jaccard_score(truth.ravel(), predicted.argmax(-1).ravel(), average="macro")
    assert score("iou", truth, predicted, "segmentation") == pytest.approx(expected)
    several, sure = RNG.integers(2, size=(50, 3)), RNG.uniform(size=(50, 3))
    assert score("f1_macro", several, sure, "multilabel") == sk.f1_score(several, sure > 0.5, average="macro")
    assert score("roc_auc", several, sure, "multilabel") == pytest.approx(sk.roc_auc_score(several, sure))


def test_a_metric_stays_within_its_limits():
    for name, known in CATALOGUE.items():
        if set(known.tasks) & set(CLASSES):
            value = score(name, LABELS, PROBABILITIES, "classification", **({"k": 2} if name.startswith("top") else {}))
            assert known.lowest <= value <= known.highest
