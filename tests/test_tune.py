"""The same search of the learning rate for every arm: what is tried, what is chosen, what is trained and said."""

import json

import numpy as np
import pytest

from butfor.data.dataset import load, split
from butfor.errors import StudyError
from butfor.metrics.scores import SCORES, answered
from butfor.metrics.validation_score import scored_by
from butfor.recipe.rate_choice import chosen
from butfor.records.record import read
from butfor.study.asked_metrics import predicted_primary
from butfor.training import rate_search
from butfor.training.arm_job import train_arm
from butfor.training.evaluation import Evaluation
from conftest import KERAS, resolved
from keras_training import arm_runs

RATE = {"set": {"learning_rate": 0.01}}


def tried(**by_rate):
    """Rows of a search: validation accuracies per rate, and as many losses, 1 - accuracy; None for a failed run."""
    return [
        {
            "rate": float(rate),
            "seed": seed,
            "validation/accuracy": value,
            "validation/loss": None if value is None else 1 - value,
            "seconds": 2.0,
        }
        for rate, values in by_rate.items()
        for seed, value in enumerate(values)
    ]


@pytest.mark.parametrize("metric", ["test/accuracy", "test/loss"])
def test_the_best_mean_is_chosen_among_the_rates_that_fail_least(metric):
    rows = tried(**{"0.1": [0.7, 0.72], "0.3": [0.8, 0.7], "1": [None, 0.99]})
    assert chosen(rows, metric) == {"rate": 0.3, "edge": False, "seconds": 12.0}


def test_a_rate_at_the_edge_is_told_and_of_equals_the_first_is_taken():
    assert chosen(tried(**{"0.1": [0.7], "0.3": [0.6]}), "test/accuracy")["edge"]
    assert chosen(tried(**{"0.1": [0.7], "0.3": [0.7]}), "test/accuracy")["rate"] == 0.1
    assert chosen(tried(**{"0.1": [None], "0.3": [None]}), "test/accuracy")["rate"] == 0.1


def test_a_metric_that_a_study_asks_for_decides_by_its_direction():
    rows = [
        {"rate": rate, "seed": 0, "validation/loss": loss, "validation/brier": brier, "seconds": 1.0}
        for rate, loss, brier in ((0.1, 0.2, 0.4), (0.3, 0.9, 0.1), (1.0, 0.5, 0.9))
    ]
    assert chosen(rows, "test/brier", False)["rate"] == 0.3 and chosen(rows, "test/brier", True)["rate"] == 1.0
    assert chosen(rows, "test/loss")["rate"] == 0.1
    assert chosen(rows, "gap/brier", True)["rate"] == 0.1  # is not searched by: the loss decides


@pytest.mark.parametrize(("name", "is_higher"), [("f1_macro", True), ("brier", False)])
def test_a_search_measures_the_metric_on_validation_examples(digits, tmp_path, name, is_higher):
    terms = {"name": name, "score": name, "options": {}, "higher_is_better": is_higher}
    task = {"engine": KERAS, "arm": "a", "recipe": RECIPE, "validation": 0.1, "metric": terms, "rates": [0.002, 1.0e30]}
    path = tmp_path / "rates.json"
    rate_search.search({**task, "seeds": [7]}, *digits, 1, path, scored=scored_by(task, *digits))
    rates = json.loads(path.read_text())
    assert rates["higher_is_better"] == is_higher and rates["tried"][1][f"validation/{name}"] is None
    data = load(*digits)
    runs = arm_runs(RECIPE, data)
    runs.validate(7)
    rows = split(len(data.y_train), 0.1, None, 7)[1]
    told = answered(data.y_train[rows], runs.predict(7, ["validation"])["validation"], "classification")
    assert rates["tried"][0][f"validation/{name}"] == pytest.approx(SCORES[name](told, {}))
    assert scored_by({"arm": "a"}, *digits) is None


def test_a_metric_that_validation_examples_leave_undefined_is_refused(digits):
    terms = {"name": "roc_auc", "score": "roc_auc", "options": {}, "higher_is_better": True}
    score = scored_by({"arm": "a", "validation": 0.002, "metric": terms}, *digits)
    with pytest.raises(StudyError, match=r"Write a larger data.validation, or make another metric primary"):
        score(0, None, np.full((3, 10), 0.1, np.float32))


def test_a_search_is_told_the_primary_metric_only_where_predictions_tell_it():
    asked = {"f1": {"higher_is_better": True}, "accuracy": {"higher_is_better": True}}
    measured = [{"name": name, "score": name, "options": {}} for name in asked]
    assert predicted_primary(measured, asked, "test/f1")["metric"]["name"] == "f1"
    assert predicted_primary(measured, asked, "test/accuracy") == predicted_primary([], asked, "test/f1") == {}


def test_every_arm_gets_the_same_rates_and_seeds_of_no_look(planned):
    text = (
        "tune: {factors: [1, 0.1, 3], seeds: 2}\nrecipe: {learning_rate: 0.002}\nablations: {a: {set: {dropout: 0.5}}, "
    )
    _, plan = planned(text + "rate: {set: {learning_rate: 0.01}}}")
    assert plan.tuned == ["baseline", "a"]
    for arm in plan.tuned:
        assert plan.search(arm)["rates"] == [0.0002, 0.002, 0.006]
        assert not set(plan.search(arm)["seeds"]) & set(plan.seeds)
    _, plan = planned(text + "rate: {set: {learning_rate: 0.01}}, of_rate: {set: {l2: 0.1}, from: rate}}")
    assert plan.tuned == ["baseline", "a", "rate", "of_rate"]
    assert planned("ablations: {a: {set: {dropout: 0.5}}}")[1].tuned == []


RECIPE = resolved(model={"name": "mlp", "widths": [16]}, epochs=1, batch_size=32, learning_rate=0.002, loop="graph")


def test_a_search_never_evaluates_the_test_set_and_says_which_runs_broke(digits, tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("the test set was touched")

    monkeypatch.setattr(Evaluation, "final", refuse)
    searched = {
        "engine": KERAS,
        "arm": "a",
        "recipe": {**RECIPE, "optimiser": {**RECIPE["optimiser"]}},
        "validation": 0.1,
    }
    rate_search.search({**searched, "rates": [0.002, 1.0e30], "seeds": [7]}, *digits, 1, tmp_path / "rates.json")
    rates = json.loads((tmp_path / "rates.json").read_text())
    assert rates["arm"] == "a" and [row["rate"] for row in rates["tried"]] == [0.002, 1.0e30]
    assert 0 < rates["tried"][0]["validation/accuracy"] < 1 and rates["tried"][1]["validation/loss"] is None


@pytest.mark.parametrize(("best", "trains"), [(0.002, False), (0.01, True)])
def test_runs_at_the_recipes_own_rate_are_taken_over_and_others_trained(digits, tmp_path, best, trains):
    rates, fixed, runs = tmp_path / "rates.json", tmp_path / "fixed", tmp_path / "tuned" / "look1"
    rates.write_text(json.dumps({"arm": "a", "tried": tried(**{"0.002": [0.5], str(best): [0.6]})}))
    task = {"arm": "a", "recipe": RECIPE, "validation": 0.1, "seeds": [0], "engine": KERAS}
    train_arm(task, *digits, 1, fixed)
    rate_search.train_tuned(task, "test/accuracy", rates, fixed, *digits, 1, runs)
    own, tuned = read(fixed / "seed_0.json"), read(runs / "seed_0.json")
    assert tuned.recipe["learning_rate"] == best
    assert (tuned.metrics != own.metrics) == trains and (tuned == own) != trains


STUDY = {
    "study": "tuned",
    "seeds": 2,
    "tune": {"factors": [1, 30], "seeds": 1},
    "data": {"name": "digits"},
    "recipe": {
        "model": {"name": "mlp", "widths": [32]},
        "epochs": 2,
        "batch_size": 32,
        "learning_rate": 0.0001,
        "loop": "graph",
    },
    "ablations": {"dropout": {"set": {"dropout": 0.3}}, "fast": RATE},
    "tracking": {"mlflow": False},
}


def test_a_study_with_a_search_reports_both_comparisons_and_then_has_nothing_to_do(workflow_copy):
    copy = workflow_copy("tuned")
    copy.write(STUDY)
    done = copy.run()
    assert done.returncode == 0, done.stdout + done.stderr
    results = copy.folder / "results" / "tuned"
    assert sorted(path.stem for path in (results / "rates").glob("*.json")) == ["baseline", "dropout"]
    report = (results / "report.md").read_text()
    section = report.split("## With the learning rate tuned")[1].split("##")[0]
    assert "0.0001, 0.003" in section and "| its subject is the learning rate |" in section
    assert "0.003 : 0.003" in section and "minutes" in section and "nan" not in section
    tuned = read(results / "tuned" / "dropout" / "look1" / "seed_0.json")
    assert tuned.recipe["learning_rate"] == 0.003 and tuned.seed == 0
    again = copy.run()
    assert "Nothing to be done" in again.stdout + again.stderr


def test_the_best_rate_for_numbers_is_that_of_the_smallest_error():
    """Of the absolute error less is better, as of the loss: the most would be the worst rate."""
    rows = [
        {"rate": r, "validation/mae": e, "validation/loss": e**2, "seconds": 1.0} for r, e in ((0.1, 2.0), (1.0, 5.0))
    ]
    assert chosen(rows, "test/mae")["rate"] == chosen(rows, "test/rmse")["rate"] == 0.1
