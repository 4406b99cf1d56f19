"""What early stopping and a plateau watch, told before anything trains and in what is written afterwards."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from butfor.data.dataset import DataError
from butfor.data.suitability import check_suits
from butfor.languages.phrases import speaking
from butfor.recipe.cohorts import cohorts
from butfor.recipe.tasks import BINARY, OWN, REGRESSION, TASKS
from butfor.recipe.watched_figures import TRAINED, measures_trained_loss, own_figures, trains_by_another, watched
from butfor.report.seed_words import measured, unwatched
from butfor.study.asked_metrics import MetricError
from butfor.study.metrics import TRAINED_LOSS
from butfor.study.watched_losses import in_words, titles_watched, watched_losses
from butfor.training.trajectory import Trajectory
from conftest import NEEDS, resolved

PATIENCE = {"name": "patience", "patience": 2}
PLATEAU = {"name": "reduce_on_plateau"}
PINBALL = {"name": "pinball", "share": 0.9}


def test_a_recipe_watches_what_its_keys_monitor():
    assert watched(resolved()) == {}
    assert watched(resolved(early_stopping=PATIENCE)) == {"early_stopping": "loss"}, (
        "records of before stay as they are"
    )
    recipe = resolved(early_stopping={**PATIENCE, "monitor": "accuracy"}, schedule={**PLATEAU, "monitor": TRAINED})
    assert watched(recipe) == {"early_stopping": "accuracy", "schedule": TRAINED}
    assert measures_trained_loss(recipe) and not measures_trained_loss(resolved(early_stopping=PATIENCE, loss=PINBALL))


@pytest.mark.parametrize(
    ("written", "task", "numbers", "differs"),
    [
        ({}, None, 1, False),
        ({"loss": PINBALL}, None, 1, True),
        ({"loss": "mean_absolute_error"}, None, 1, True),
        ({"loss": "mean_squared_error"}, None, 1, False),  # of numbers it is the plain one
        ({"loss": "mean_squared_error"}, BINARY, 1, True),
        ({"loss": "mean_squared_error"}, REGRESSION, 1, False),
        ({"loss": "mean_squared_error"}, REGRESSION, 3, True),  # each in its own spread
        ({"target_scaling": "none"}, REGRESSION, 3, False),
        ({"loss": "cross_entropy"}, BINARY, 1, False),
        ({"label_smoothing": 0.1}, BINARY, 1, True),
        ({"class_weight": "balanced", "l2": 0.1}, BINARY, 1, False),  # neither is in what is watched
        ({"loss": PINBALL}, OWN, 1, False),
    ],
    ids=str,
)
def test_whether_another_loss_trains_than_the_plain_one(written, task, numbers, differs):
    assert trains_by_another(resolved(**written), task, numbers) == differs


def test_arms_that_watch_another_loss_than_trains_them_are_told_together():
    stopping = {"early_stopping": PATIENCE}
    recipes = {
        "baseline": resolved(**stopping, loss=PINBALL),
        "deep": resolved(**stopping, loss=PINBALL, dropout=0.5),
        "both": resolved(**stopping, schedule=PLATEAU, loss={"name": "keras", "of": "LogCosh"}),
        "squares": resolved(**stopping),
        "mae": resolved(early_stopping={**PATIENCE, "monitor": "mae"}, loss=PINBALL),
        "meant": resolved(early_stopping={**PATIENCE, "monitor": TRAINED}, loss=PINBALL),
        "never": resolved(loss=PINBALL),
    }
    first, second = watched_losses(recipes, "regression")
    assert (first.arms, first.keys) == (["baseline", "deep"], ["early_stopping"])
    assert (second.arms, second.keys) == (["both"], ["early_stopping", "schedule"])
    assert in_words(first, len(recipes), lambda text: f"`{text}`") == (
        "In `baseline`, `deep`, `early_stopping` watches the mean squared error of validation examples, while another loss trains"
        " (`loss: pinball`). To watch the one that trains, write `monitor: trained_loss` there."
    )
    assert in_words(second, len(recipes)).startswith(
        "In both, early_stopping, schedule watch the mean squared error of"
    )
    assert "(loss: LogCosh)" in in_words(second, len(recipes))
    assert in_words(first, 2).startswith("In every arm, early_stopping watches")
    with speaking("ko"):
        assert "평균제곱오차 (모든 조건, early_stopping)" in in_words(first, 2)
    many = {str(n): recipes["baseline"] for n in range(5)}
    assert "In 0, 1, 2 and 2 more, " in in_words(*watched_losses(many, "regression"), 6)
    assert watched_losses(recipes, "own") == []


def test_before_there_are_data_a_loss_may_give_the_task_away():
    stopping = {"early_stopping": PATIENCE}
    told = {
        "mean squared error": resolved(**stopping, loss=PINBALL),
        "cross-entropy": resolved(**stopping, label_smoothing=0.1),
        "plain loss of its task": resolved(**stopping, loss="mean_absolute_error"),
    }
    for plain, recipe in told.items():
        assert [each.plain for each in watched_losses({"a": recipe}, "auto")] == [plain]
    assert watched_losses({"a": told["cross-entropy"]}, None)[0].trained == "label_smoothing: 0.1"
    several = watched_losses({"a": resolved(**stopping)}, "regression", numbers=2)
    assert [each.trained for each in several] == ["target_scaling: standard"]


def test_figures_that_are_watched_have_their_own_names():
    assert TRAINED_LOSS.name == TRAINED
    by = [
        (resolved(early_stopping={**PATIENCE, "monitor": name}), REGRESSION)
        for name in ("loss", TRAINED, "mae", TRAINED)
    ]
    assert titles_watched(by, "early_stopping") == ["loss that trains", "mean squared error", "MAE"]
    assert titles_watched(by, "schedule") == []
    assert titles_watched([(by[0][0], TASKS["sequence"])], "early_stopping") == ["cross-entropy per step"]
    record = SimpleNamespace(recipe=by[1][0], data={"task": "regression"})
    assert "the choice of epoch use validation examples only (watched: loss that trains);" in measured([record], {})


def test_a_report_names_arms_that_watch_another_loss_than_trains_them():
    def told(task, shape, **written):
        recipe = resolved(early_stopping=PATIENCE, **written)
        data, layers = {"task": task}, [{"shape": [64]}, {"shape": shape}]
        return unwatched([SimpleNamespace(arm="baseline", recipe=recipe, data=data, structure=layers)], {})

    (said,) = told("regression", [1], loss=PINBALL)
    assert (
        said.startswith("In every arm, `early_stopping` watches the mean squared error") and "`loss: pinball`" in said
    )
    assert told("regression", [1]) == told("classification", [10]) == []
    assert "(`target_scaling: standard`)" in told("regression", [3])[0]


def test_a_task_that_has_no_such_figure_refuses_it():
    def told(task):
        return SimpleNamespace(task=task, guessed=False, outputs=(1,))

    needs = {**NEEDS, "models": "own", "watched": [TRAINED]}
    check_suits(told("regression"), needs, "my.csv")
    with pytest.raises(
        DataError, match=r"to watch loss, which is the model's own loss there, received monitor: trained_loss"
    ):
        check_suits(told("own"), needs, "my.csv")
    with pytest.raises(DataError, match=r"to watch loss, trained_loss or mae, received monitor: accuracy\."):
        check_suits(told("regression"), {**needs, "watched": ["accuracy"]}, "my.csv")


def test_no_metric_of_a_study_has_its_name(planned):
    text = "metrics: {trained_loss: {score: pinball}}\nablations: {a: {set: {dropout: 0.2}}}"
    with pytest.raises(MetricError, match=r"metrics\.trained_loss: expected another name"):
        planned(text)


def test_a_trained_loss_that_is_not_finite_ends_the_training():
    run = Trajectory(resolved(early_stopping={**PATIENCE, "monitor": TRAINED}), 0, np.arange(128, dtype=np.int32), 1)
    row = {"objective": 1.0, "validation/loss": 1.0, "validation/trained_loss": 1.0}
    run.add({"epoch": 1, **row}, np.ones(1, np.float32))
    assert not run.over
    run.add({"epoch": 2, **row, "validation/trained_loss": math.inf}, np.ones(1, np.float32))
    assert run.over and run.reason == "the loss that trains, on validation examples, was inf in epoch 2"


def test_a_cohort_measures_it_where_any_of_its_runs_does_and_each_run_has_its_own():
    plain, watching = resolved(early_stopping=PATIENCE), resolved(early_stopping={**PATIENCE, "monitor": TRAINED})
    (cohort,) = cohorts([(plain, 0), (watching, 0)])
    assert TRAINED in cohort.switches and TRAINED not in cohorts([(plain, 0)])[0].switches
    figures = {"accuracy": 0.5, "loss": 1.0, TRAINED: 2.0}
    assert own_figures(watching, figures) == figures and own_figures(plain, figures) == {"accuracy": 0.5, "loss": 1.0}
