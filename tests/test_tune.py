"""The same search of the learning rate for every arm: what is tried, what is chosen, what is trained and said."""

import json

import pytest

from butfor.recipe.rate_choice import chosen
from butfor.records.record import read
from butfor.training import rate_search
from butfor.training.arm_job import train_arm
from butfor.training.evaluation import Evaluation
from conftest import KERAS, resolved

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
