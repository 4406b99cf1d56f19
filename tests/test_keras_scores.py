"""Metrics by Keras's name: asked for, and computed as Keras computes them on the same predictions."""

import numpy as np
import pytest
from sklearn import metrics as sk

from butfor.metrics.scores import answered
from butfor.study.asked_metrics import completed
from butfor.study.keras_metrics import KERAS_METRICS, NEEDED, named

RNG = np.random.default_rng(3)
LABELS, PROBABILITIES = RNG.integers(4, size=300), RNG.dirichlet(np.ones(4), size=300).astype(np.float32)
TWO, OF_ONE = RNG.integers(2, size=300), RNG.uniform(size=(300, 1)).astype(np.float32)
SEVERAL, OF_SEVERAL = RNG.integers(2, size=(300, 3)), RNG.uniform(size=(300, 3)).astype(np.float32)
NUMBERS = RNG.normal(size=(300, 2)).astype(np.float32) + 9
GUESSES = NUMBERS + RNG.normal(size=(300, 2)).astype(np.float32)
OF_TASK = {
    "classification": (LABELS, PROBABILITIES), "binary": (TWO, OF_ONE), "segmentation": (LABELS, PROBABILITIES),
    "sequence": (LABELS, PROBABILITIES), "multilabel": (SEVERAL, OF_SEVERAL), "regression": (NUMBERS, GUESSES),
}  # fmt: skip
GIVEN = {"target_class_ids": [1]}  # what a setting that must be given is, where 0.5 will not do


def score(name, task, **settings):
    from butfor.engine.keras_scores import keras_score

    terms = completed({name: {"settings": settings}})[name]
    given = answered(*OF_TASK[task], task)
    return keras_score(terms["score"].removeprefix("keras."), terms["options"], given.truth, given.predicted)


def test_names_are_those_of_keras_however_they_are_written():
    import keras

    assert all(hasattr(keras.metrics, name) for name in KERAS_METRICS)
    assert (
        named("sensitivity_at_specificity")
        == named("keras.metrics.SensitivityAtSpecificity")
        == "SensitivityAtSpecificity"
    )
    assert named("Mean") == ""  # one of no truth


@pytest.mark.parametrize("name", KERAS_METRICS)
def test_each_gives_one_number_for_the_tasks_that_it_is_for(name):
    known = KERAS_METRICS[name]
    needed = {key: GIVEN.get(key, 0.5) for key, default in known.options.items() if default is NEEDED}
    for task in known.tasks:
        value = known.scale * score(name, task, **needed)
        assert np.isfinite(value) and known.scale * known.lowest - 1e-3 <= value <= known.scale * known.highest + 1e-3


def test_they_are_what_scikit_learn_says_where_it_has_them():
    assert score("AUC", "binary", num_thresholds=5000) == pytest.approx(sk.roc_auc_score(TWO, OF_ONE[:, 0]), abs=1e-3)
    named_ = PROBABILITIES.argmax(1)
    assert score("MeanIoU", "classification") == pytest.approx(sk.jaccard_score(LABELS, named_, average="macro"))
    assert score("F1Score", "classification") == pytest.approx(sk.f1_score(LABELS, named_, average="macro"))
    lengths = np.linalg.norm(NUMBERS, axis=1) * np.linalg.norm(GUESSES, axis=1)
    assert score("CosineSimilarity", "regression") == pytest.approx(
        np.mean((NUMBERS * GUESSES).sum(1) / lengths), rel=1e-5
    )
    share, found, _ = sk.roc_curve(TWO, OF_ONE[:, 0])
    assert score("SensitivityAtSpecificity", "binary", specificity=0.8, num_thresholds=5000) == pytest.approx(
        max(found[share <= 0.2]), abs=0.02
    )


def test_what_is_no_single_number_is_an_error_that_says_so():
    with pytest.raises(ValueError, match="Keras gives 4 numbers; its settings say how they are averaged"):
        score("F1Score", "classification", average=None)
