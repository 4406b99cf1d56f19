"""A classifier that weighs classes or smooths labels is held against the best constant by what it trains for."""

import numpy as np
import pytest

from butfor.data.dataset import Dataset
from butfor.training.constant_classes import beats_constant, has_constant, trains_for_shares
from butfor.training.evaluation import Evaluation
from conftest import resolved

RNG = np.random.default_rng(4)
COUNT, SHARE = 4000, 0.12  # examples, and the share of them that are of the rare class
RARE = (RNG.random(COUNT) < SHARE).astype(np.int32)
SIGNAL = RNG.standard_normal(COUNT) + 0.5 * RARE
ROWS = np.arange(COUNT, dtype=np.int32)
BALANCED = 0.5 * SIGNAL - 0.125  # the log odds where both classes are as frequent
WEIGHTED = [{"class_weight": "balanced"}, {"class_weight": {"name": "given", "weights": [1.0, 7.3]}}]


def dataset(task="classification", targets=RARE, weights=None):
    """Rows with these targets, in both parts."""
    x = SIGNAL[:, None].astype(np.float32)
    outputs = (1,) if task == "binary" else targets.shape[1:] if task == "multilabel" else (2,)
    return Dataset("made", "f", outputs[-1], x, targets, x, targets, task=task, outputs=outputs, w_train=weights)


def scores_of(odds, task="classification"):
    """A model's scores for these log odds of the rare class."""
    columns = odds[:, None] if task == "binary" else np.stack([np.zeros_like(odds), odds], axis=1)
    return columns.astype(np.float32)


@pytest.mark.parametrize("task", ["classification", "binary"])
@pytest.mark.parametrize("changes", WEIGHTED)
def test_a_model_for_balanced_classes_beats_a_constant_by_its_own_weights_and_not_by_the_plain_loss(task, changes):
    data, scores = dataset(task), scores_of(BALANCED, task)
    assert beats_constant(resolved(**changes), data, ROWS, scores)
    assert not beats_constant(resolved(), data, ROWS, scores)


def test_examples_count_by_their_own_weights():
    data, scores = dataset(weights=np.where(RARE, 7.3, 1.0).astype(np.float32)), scores_of(BALANCED)
    assert beats_constant(resolved(sample_weight="given"), data, ROWS, scores)
    assert not beats_constant(resolved(), data, ROWS, scores)


@pytest.mark.parametrize("changes", [{}, *WEIGHTED, {"label_smoothing": 0.2}, {"sample_weight": "given"}])
@pytest.mark.parametrize("task", ["classification", "binary"])
def test_no_constant_beats_the_best_one(task, changes):
    data = dataset(task, weights=np.where(RARE, 3.0, 1.0).astype(np.float32))
    for odds in np.linspace(-4, 4, 9):
        assert not beats_constant(resolved(**changes), data, ROWS, scores_of(np.full(COUNT, odds), task))


def test_a_little_skill_beats_the_smoothed_constant_where_the_plain_loss_is_larger_than_the_shares_have():
    smoothed = SHARE * 0.8 + 0.1
    odds = np.log(smoothed / (1 - smoothed)) + 0.3 * (SIGNAL - SIGNAL.mean())
    assert beats_constant(resolved(label_smoothing=0.2), dataset(), ROWS, scores_of(odds))
    assert not beats_constant(resolved(), dataset(), ROWS, scores_of(odds))


def test_classes_of_several_labels_and_of_places_are_smoothed_and_weighed_too():
    tags = np.stack([RARE, 1 - RARE], axis=1).astype(np.float32)
    smoothed = SHARE * 0.9 + 0.05
    odds = np.log(smoothed / (1 - smoothed)) + 0.3 * (SIGNAL - SIGNAL.mean())
    both = np.stack([odds, -odds], axis=1).astype(np.float32)
    assert beats_constant(resolved(label_smoothing=0.1), dataset("multilabel", tags), ROWS, both)
    assert not beats_constant(resolved(label_smoothing=0.1), dataset("multilabel", tags), ROWS, 0 * both)
    pixels = dataset("segmentation", RARE.reshape(40, 10, 10))
    scores = scores_of(BALANCED).reshape(40, 10, 10, 2)
    assert beats_constant(resolved(class_weight="balanced"), pixels, np.arange(40), scores)
    assert not beats_constant(resolved(class_weight="balanced"), pixels, np.arange(40), 0 * scores)


@pytest.mark.parametrize("loss", ["focal", "dice"])
def test_of_a_loss_that_is_no_cross_entropy_the_best_constant_is_not_known(loss):
    assert not has_constant(resolved(loss=loss)) and not trains_for_shares(resolved(loss=loss))
    evaluation = Evaluation(Scores(), dataset(), ROWS, ROWS[:400], resolved(loss=loss))
    assert evaluation.status({"train/loss": 9.0}, "")[0] == "commonest_class"


def test_what_trains_by_the_plain_loss_is_known():
    assert trains_for_shares(resolved()) and trains_for_shares(resolved(loss="cross_entropy"))
    others = [*WEIGHTED, {"label_smoothing": 0.1}, {"sample_weight": "given"}]
    assert not any(trains_for_shares(resolved(**changes)) for changes in others)


class Scores:
    """What of an engine an evaluation's end asks for."""

    def scores(self, part, rows):
        """Those of the model for balanced classes."""
        return scores_of(BALANCED)[rows]


def test_a_weak_model_of_rare_classes_has_learnt_something():
    """By the plain loss every training with class weights on such data was said to have learnt nothing."""
    metrics = {"train/loss": float(np.logaddexp(0, BALANCED).mean() - (BALANCED * RARE).mean()), "test/loss": 0.6}
    ends = {
        name: Evaluation(Scores(), dataset(), ROWS, ROWS[:400], resolved(**changes)).status(metrics, "")[:2]
        for name, changes in {"balanced": WEIGHTED[0], "plain": {}}.items()
    }
    assert ends["balanced"][0] == "commonest_class"  # which counts where accuracy is compared
    assert ends["plain"][0] == "at_chance" and "no better than a constant answer may give" in ends["plain"][1]
