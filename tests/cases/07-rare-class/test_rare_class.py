"""A rare class: 97 % accuracy for models that name nothing but the commonest class."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from butfor.records.tables import load_study
from conftest import NUMPY

PREDICTIONS = "runs/wide/look1/seed_1.predictions.npz"


@pytest.fixture
def rare(case):
    subprocess.run([sys.executable, "make_rare.py"], cwd=case.folder, check=True)
    return case


@pytest.fixture
def judged(rare):
    """Trained by NumPy, since all is said of how runs are judged, whatever has trained them."""
    rare.engine = NUMPY
    return rare


def test_a_baseline_that_names_only_the_commonest_class_is_no_basis_for_verdicts(judged):
    done = judged.run("--configfile", "study.yaml")
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    results, said = (
        judged.folder / "results/rare",
        "The baseline has learnt no more than the commonest class (3 of 3 runs).",
    )
    report = (results / "report.md").read_text()
    assert report.startswith(
        f"# rare\n\n> **{said}** The first: test accuracy 0.9697, and 97.0 % of the test examples are of one"
    )
    assert "judge by test/loss" in report and "must_learn: false" in report and "balance the data" in report
    rows = json.loads((results / "contrasts.json").read_text())
    assert {row["verdict"] for row in rows} == {"no verdict"}
    (claim,) = json.loads((results / "claims.json").read_text())["claims"]
    assert claim["outcome"] == "undecided"
    assert (results / "figures/effects.png").is_file() and (results / "tables/contrasts.csv").is_file()
    assert said in done.stderr.split("Report: results/rare/report.html (as text: report.md)\n")[1].splitlines()[0]
    assert "Add a look" not in report and "Every one of 9 runs failed:" in done.stderr


@pytest.mark.long  # as by a metric, below
def test_by_the_loss_such_runs_are_judged_and_accuracy_says_nothing(judged):
    done = judged.run("--configfile", "study_loss.yaml")
    assert done.returncode == 0, done.stderr
    results = judged.folder / "results/rare_loss"
    rows = json.loads((results / "contrasts.json").read_text())
    on_loss = [row for row in rows if row["metric"] == "test/loss"]
    assert len(on_loss) == 2 and all(math.isfinite(row["effect"] + row["low"] + row["high"]) for row in on_loss)
    assert all(row["verdict"] in ("helps", "hurts", "no meaningful difference", "inconclusive") for row in on_loss)
    assert {row["verdict"] for row in rows if row["metric"].endswith("accuracy")} == {"no verdict"}
    (claim,) = json.loads((results / "claims.json").read_text())["claims"]
    assert claim["metric"] == "test/loss"
    assert "has learnt" not in (results / "report.md").read_text().split("## Verdicts")[0]
    assert "Verdicts on test loss: " in done.stderr and "accuracy" not in done.stderr.split("Report: results/")[1]


def test_by_a_metric_that_the_rare_class_moves_such_runs_are_judged_and_f1_is_what_scikit_learn_says(judged):
    done = judged.run("--configfile", "study_pr_auc.yaml")
    assert done.returncode == 0, done.stderr
    results = judged.folder / "results/rare_pr_auc"
    rows = {(row["arm"], row["metric"]): row for row in json.loads((results / "contrasts.json").read_text())}
    assert {row["verdict"] for (_, metric), row in rows.items() if metric == "test/accuracy"} == {"no verdict"}
    assert all(math.isfinite(row["effect"]) for (_, metric), row in rows.items() if metric == "test/pr_auc")
    assert rows["wide", "test/f1"]["effect"] == 0 and "Verdicts on test PR AUC: " in done.stderr
    with np.load(judged.folder / "rare.npz") as data, np.load(results / PREDICTIONS) as kept:
        truth, predicted = data["y_test"], kept["test"]
    table = load_study(results)
    (row,) = table[(table["arm"] == "wide") & (table["seed"] == 1)].to_dict("records")
    assert row["test/pr_auc"] == average_precision_score(truth, predicted[:, 1])
    assert row["test/f1"] == f1_score(truth, predicted.argmax(axis=1), zero_division=0)


@pytest.mark.long  # as in a study of a binary task and in one of folds
def test_classes_may_be_weighted(rare):
    done = rare.run("--configfile", "study_weighted.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((rare.folder / "results/rare_weighted/contrasts.json").read_text())
    assert len({row["arm"] for row in rows}) == 2


def test_what_there_is_not_is_said_in_one_line(judged):
    done = judged.run("--configfile", "study_f1.yaml", "-n")
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in said
    assert "verdict.metric: expected one of test/accuracy, test/loss, received test/f1." in said
