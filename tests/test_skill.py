"""Whether a run counts as having learnt anything, for few and many test examples and any balance of classes."""

import numpy as np
import pytest
from scipy import stats

from butfor.training.learning import judged
from butfor.training.skill import Skill, answers, entropy, log_odds, skill
from conftest import resolved
from numpy_engine import NumpyEngine

APART = {"good": 3.29, "sure": 3.29, "weak": 0.9, "untrained": 0.0}  # an AUC of 0.99, 0.99, 0.74 and 0.5
STUDIES = 200


def two_classes(kind, n, share, rng):
    """Labels of which this share are 0, and the logits of a model: one value along which classes are so far apart, with the
    right odds, five times too sure, or without training; or the same odds for all."""
    labels = (rng.random(n) > share).astype(np.int64)
    odds = np.full(n, np.log((1 - share) / share))
    if kind != "constant":
        x = rng.standard_normal(n) + APART[kind] * labels
        odds = x if kind == "untrained" else odds + APART[kind] * x - APART[kind] ** 2 / 2
    return np.stack([np.zeros(n), 5 * odds if kind == "sure" else odds], axis=1), labels


def statuses(kind, n, share):
    rng = np.random.default_rng(11)
    fitted = kind not in ("constant", "untrained")
    return [judged(*two_classes(kind, n, share, rng), fitted)[0] for _ in range(STUDIES)]


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97, 0.99])
@pytest.mark.parametrize("n", [20, 200, 2000])
@pytest.mark.parametrize("kind", ["good", "sure"])
def test_a_good_model_never_counts_as_failed(kind, n, share):
    """In 40 000 drawings of each kind at most 0.12 % did; here at most 1 of 200 may."""
    assert statuses(kind, n, share).count("ok") >= STUDIES - 1


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97, 0.99])
@pytest.mark.parametrize("n", [20, 200, 2000])
def test_a_model_that_says_the_same_of_every_example_has_learnt_nothing(n, share):
    assert set(statuses("constant", n, share)) == {"at_chance"}


@pytest.mark.parametrize(
    ("n", "share", "caught"), [(200, 0.5, 0.99), (200, 0.9, 0.98), (200, 0.97, 0.85), (2000, 0.99, 0.99)]
)
def test_an_untrained_model_has_learnt_nothing(n, share, caught):
    assert statuses("untrained", n, share).count("ok") <= (1 - caught) * STUDIES


def test_a_model_that_never_names_a_rare_class_is_told_from_one_that_learnt_nothing():
    assert statuses("weak", 2000, 0.97).count("commonest_class") > 0.95 * STUDIES
    assert statuses("weak", 2000, 0.5).count("ok") == STUDIES


def test_of_one_class_alone_nothing_can_be_told():
    labels, varied = np.zeros(50, np.int64), np.random.default_rng(0).standard_normal((50, 2))
    assert skill(varied, labels) is None and judged(varied, labels, fitted=True) == ("ok", "")
    assert judged(np.zeros((50, 2)), labels, fitted=True)[0] == "at_chance"


def test_skill_of_two_classes_is_twice_the_area_under_the_curve_less_one():
    logits, labels = two_classes("weak", 300, 0.8, np.random.default_rng(1))
    area = stats.mannwhitneyu(logits[labels == 1, 1], logits[labels == 0, 1]).statistic / (
        (labels == 1).sum() * (labels == 0).sum()
    )
    assert skill(logits, labels).value == pytest.approx(2 * area - 1, abs=1e-3)


def test_the_standard_error_is_that_over_all_orders_of_the_labels():
    rng = np.random.default_rng(2)
    logits, labels = rng.standard_normal((60, 4)), rng.choice(4, 60, p=[0.6, 0.25, 0.1, 0.05])
    drawn = [skill(logits, rng.permutation(labels)).value for _ in range(4000)]
    assert np.std(drawn) == pytest.approx(skill(logits, labels).error, rel=0.04)
    assert abs(np.mean(drawn)) < 4 * np.std(drawn) / np.sqrt(len(drawn))


def test_odds_stay_apart_where_a_model_is_nearly_certain():
    logits = np.array([[0.0, 40.0, 3.0], [0.0, 50.0, 3.0], [0.0, 1.0, 800.0]], np.float32)
    odds = log_odds(logits)
    assert odds[0, 1] == pytest.approx(40 - np.log(1 + np.exp(3.0))) and odds[1, 1] > odds[0, 1] + 9
    plain = np.array([0.2, 0.3, 0.5])
    assert log_odds(np.log(plain)[None]) == pytest.approx(np.log(plain / (1 - plain))[None])


def test_messages_name_their_bounds():
    logits, labels = two_classes("weak", 2000, 0.97, np.random.default_rng(3))
    named = answers(logits, labels)
    words = judged(logits, labels, fitted=True)[1]
    assert f"up to {named.bound:.4f}, a standard error above, is no better than always naming that class" in words
    assert f"{100 * named.commonest:.1f} % of the test examples are of one class" in words
    assert Skill(0.1, 0.05).bound(fitted=True) == pytest.approx(0.15)
    assert Skill(0.1, 0.05).bound(fitted=False) == Skill(0.2, 0.3).bound(fitted=True) == pytest.approx(1 / 3)
    untrained = judged(*two_classes("untrained", 200, 0.5, np.random.default_rng(3)), fitted=False)[1]
    assert "(1 always, 0 as often as not; less than 0.333 counts as none, which a network that fits its" in untrained
    found = judged(*two_classes("untrained", 200, 0.5, np.random.default_rng(3)), fitted=True)[1]
    assert "counts as none, which luck may give)" in found


def test_real_networks_without_training_have_learnt_nothing(digits_data):
    """Their accuracy is above the commonest class's by three standard errors in one of ten."""
    engine = NumpyEngine(resolved(model={"name": "mlp", "widths": [64, 32]}), digits_data, np.zeros(1, np.float32))
    ended = []
    for seed in range(40):
        engine.start(seed)
        rows = np.arange(len(digits_data.x_test), dtype=np.int32)
        fitted = engine.evaluate("train", np.arange(500))["loss"] < entropy(digits_data.y_train)
        ended.append(judged(engine.scores("test", rows), digits_data.y_test, fitted)[0])
    assert ended.count("ok") <= 2
