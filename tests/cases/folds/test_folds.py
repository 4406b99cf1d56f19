"""A small table cross-validated, from its file to its report."""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from butfor.records.record import read
from butfor.records.tables import load_study
from butfor.verdicts.numbers import mean_and_sd

FOLDS = "folds: 5, repeats: 1"
TRAINING = "--until", "train"  # where no report is looked at


def table(path):
    """Scikit-learn's breast cancer, whose rows are made up to be of patients, with gaps in a column."""
    loaded = load_breast_cancer(as_frame=True)
    frame, rng = loaded.data.copy(), np.random.default_rng(0)
    frame.loc[rng.random(len(frame)) < 0.1, "mean radius"] = np.nan
    frame["patient"] = rng.integers(0, 300, len(frame))
    frame["diagnosis"] = np.where(loaded.target == 0, "malignant", "benign")
    frame.to_csv(path, index=False)
    return frame


def started(flow, folds, *words):
    """The looks that a start with these folds and words trains, and when each run of the baseline began."""
    path = flow.folder / "study.yaml"
    path.write_text(re.sub(r"folds: \d+, repeats: \d+", folds, path.read_text()))
    done = flow.run("--configfile", "study.yaml", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    runs = (flow.folder / "results" / "cancer" / "runs" / "baseline" / "look1").glob("seed_*.json")
    begun = {record.seed: record.timing["started"] for record in map(read, runs)}
    return re.findall(r"Train ([\w, ]+)(?: \(|\n)", done.stdout + done.stderr), begun


def plain(frame, results, arm, seed):
    """F1 and ROC AUC of a run's kept predictions, in points, by a plain script."""
    truth = (frame["diagnosis"] == "malignant").to_numpy(int)
    groups = np.unique(frame["patient"].astype(str), return_inverse=True)[1]
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=seed // 5)
    _, test = list(splitter.split(truth, truth, groups))[seed % 5]
    with np.load(results / "runs" / arm / "look1" / f"seed_{seed}.predictions.npz") as kept:
        chance = kept["test"][:, 0]
    return 100 * f1_score(truth[test], chance > 0.5), 100 * roc_auc_score(truth[test], chance)


def test_a_cross_validated_table_from_its_file_to_its_report(case):
    frame = table(case.folder / "cancer.csv")
    results = case.folder / "results" / "cancer"
    both = ["baseline, look1", "weighted, look1"]
    trained, first = started(case, FOLDS, *TRAINING)
    assert sorted(trained) == both and sorted(first) == [*range(5)]
    assert started(case, FOLDS, *TRAINING) == ([], first)
    trained, second = started(case, "folds: 5, repeats: 2")  # half of each arm is there
    assert sorted(trained) == both and sorted(second) == [*range(10)]
    assert {seed: second[seed] for seed in first} == first
    _check_figures(frame, results)


@pytest.mark.long
def test_other_folds_train_anew_and_those_of_before_are_found_again(case):
    table(case.folder / "cancer.csv")
    _, first = started(case, FOLDS, *TRAINING)
    trained, other = started(case, "folds: 2, repeats: 1", *TRAINING)
    assert sorted(trained) == ["baseline, look1", "weighted, look1"]
    assert not {*other.values()} & {*first.values()}
    assert started(case, FOLDS, *TRAINING) == ([], first)


def _check_figures(frame, results):
    runs = load_study(results)
    assert runs.seed.nunique() == 10
    measured = json.loads((results / "contrasts.json").read_text())
    by_hand = {arm: np.array([plain(frame, results, arm, n) for n in range(10)]) for arm in ("baseline", "weighted")}
    difference = by_hand["weighted"] - by_hand["baseline"]
    for place, name in enumerate(("test/f1", "test/roc_auc")):
        row = next(row for row in measured if row["metric"] == name)
        d = difference[:, place]
        assert row["effect"] == pytest.approx(d.mean())
        assert row["sd"] == pytest.approx(d.std(ddof=1))
        assert row["error"] >= math.sqrt((1 / 10 + 1 / 4) * d.var(ddof=1)) * (1 - 1e-9)
        assert row["pairs"] == 10 and row["freedom"] == 9
    f1 = by_hand["baseline"][:, 0]
    report = (results / "report.md").read_text()
    reached = mean_and_sd(f1.mean(), f1.std(ddof=1), 2)
    assert f"{reached} points (mean ± standard deviation over 10 folds)" in report
    assert "10 folds each" in report and "5 folds, in 2 divisions" in report and "no fixed test set" in report
    assert "whole groups of patient" in report and "interval for new data" not in report
    records = [read(results / "runs" / "weighted" / "look1" / f"seed_{seed}.json") for seed in range(10)]
    assert [(r.data["fold"]["repeat"], r.data["fold"]["fold"]) for r in records] == [divmod(n, 5) for n in range(10)]
    assert len({tuple(record.data["class_weights"]) for record in records}) > 1  # each by its own training part
    assert sum(record.data["test"] for record in records) == 2 * len(pd.read_csv(results.parents[1] / "cancer.csv"))
