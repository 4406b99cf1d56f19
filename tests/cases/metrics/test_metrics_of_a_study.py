"""A study with metrics of its own, from its file to its report, and what a change of a metric makes anew."""

import json
import re

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from butfor.records.tables import load_study
from conftest import SMALL

STUDY = {
    "study": "measured",
    "seeds": [3, 5],
    "data": {"name": "digits"},
    "recipe": SMALL,
    "ablations": {"no_dropout": {"set": {"dropout": 0.0}}, "wide": {"set": {"model.widths": [128]}}},
    "metrics": {
        "f1_macro": {"primary": True, "margin": 1},
        "roc_auc": {"margin": "2 %"},
        "hits": {"function": "my_metrics:hits", "higher_is_better": True},
    },
    "claims": {"gap": {"sentence": "S.", "arm": "wide", "expect": "hurts", "metric": "gap/f1_macro"}},
}
HITS = "def hits(truth, prediction):\n    return float((prediction.argmax(1) == truth).sum())\n"


@pytest.fixture(scope="module")
def finished(workflow_copy):
    copy = workflow_copy("measured")
    (copy.folder / "my_metrics.py").write_text(HITS)
    copy.write(STUDY)
    done = copy.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return copy, done.stderr


def test_the_primary_metric_decides_and_all_are_in_the_report(finished):
    copy, said = finished
    results = copy.folder / "results" / "measured"
    report = (results / "report.md").read_text()
    assert "Verdicts on test F1 (macro): " in said and "On test F1 (macro), by which ablations are settled" in report
    assert (
        "### Test ROC AUC" in report and "which is 2 % of the baseline's mean" in report and "### Test hits" in report
    )
    assert (results / "figures" / "effects_by_metric.png").is_file()
    (claim,) = json.loads((results / "claims.json").read_text())["claims"]
    assert claim["metric"] == "gap/f1_macro" and claim["effect"] is not None
    assert copy.would_run() == {}


def test_values_are_those_of_scikit_learn_on_the_same_predictions(finished):
    results = finished[0].folder / "results" / "measured"
    with np.load(results / "data" / "arrays.npz") as data:
        truth = data["y_test"]
    table = load_study(results)
    for row in table.to_dict("records"):
        (path,) = results.glob(f"runs/{row['arm']}/*/seed_{row['seed']}.predictions.npz")
        with np.load(path) as kept:
            predicted = kept["test"]
        named = predicted.argmax(axis=1)
        assert row["test/f1_macro"] == f1_score(truth, named, average="macro")
        assert row["test/hits"] == (named == truth).sum()
        assert row["test/accuracy"] == pytest.approx((named == truth).mean())
        expected = roc_auc_score(truth, predicted.astype(float), multi_class="ovr")
        assert row["test/roc_auc"] == pytest.approx(expected, abs=1e-6)


def test_mlflow_shows_them(finished):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{finished[0].folder}/results/measured/mlflow/mlflow.db")
    (experiment,) = (each for each in client.search_experiments() if each.name != "Default")
    runs = client.search_runs([experiment.experiment_id], "tags.`butfor.arm` = 'wide'", max_results=100)
    assert len(runs) > 3 and all(
        {"test/f1_macro", "test/roc_auc", "test/hits"} <= set(run.data.metrics) for run in runs
    )
    seeds = [run for run in runs if "butfor.seed" in run.data.tags]
    assert all("delta/test_f1_macro_points" in run.data.metrics for run in seeds)
    assert all("test F1 (macro) 0." in run.data.tags["mlflow.note.content"] for run in seeds)


def test_a_metric_that_changes_is_measured_and_nothing_trains(finished):
    copy = finished[0]
    (copy.folder / "my_metrics.py").write_text(HITS.replace("float(", "1.0 + float("))
    done = copy.run()
    logs = copy.folder / "results" / "measured" / "logs"
    assert done.returncode == 0 and "Train " not in done.stdout + done.stderr, done.stderr
    known = re.search(r"(\d+) runs, (\d+) values, (\d+) of them new", (logs / "measure_look1.log").read_text())
    assert known and int(known[3]) == int(known[1]) == 9
    copy.write({**STUDY, "metrics": {**STUDY["metrics"], "ece": {}, "accuracy": {"margin": 3}}})
    assert "train" not in (would := copy.would_run()) and would["measure"] == 1  # the second look follows a decision
    copy.write({**STUDY, "metrics": {**STUDY["metrics"], "top_k_accuracy": {"k": 10}}})
    done = copy.run("-n")
    assert done.returncode != 0 and "metrics.top_k_accuracy.k: expected less than the 10 classes" in done.stderr
    copy.write(STUDY)
    (copy.folder / "my_metrics.py").write_text(HITS.replace("float(", "len("))  # of a number: a start refuses it
    done = copy.run("-n")
    assert done.returncode != 0 and "my_metrics:hits: measuring predictions, it raised TypeError" in done.stderr


GROUPED = """
import numpy as np

def of_patients(truth, prediction, groups):
    right = prediction.argmax(1) == truth
    return np.mean([right[groups == one].mean() for one in np.unique(groups)])

def whole(truth, prediction, inputs, groups):
    assert len(inputs) == len(groups) == len(truth)
    return len(np.unique(groups))
"""


def patients(folder, changed=False):
    """A table in which the target follows from a number, and each patient has several rows."""
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 120)
    patient = np.arange(120) % (30 if changed else 40)
    rows = [
        f"{2 * c + n:.3f},{m:.3f},p{p},{c}"
        for c, n, m, p in zip(y, *rng.normal(0, 0.7, (2, 120)), patient, strict=True)
    ]
    (folder / "visits.csv").write_text("\n".join(["a,b,patient,y", *rows]) + "\n")


def test_own_metrics_are_told_the_groups_of_examples_which_are_no_inputs(workflow_copy):
    """On the rows that are measured; other groups are measured again, and nothing trains."""
    flow = workflow_copy("grouped")
    patients(flow.folder)
    (flow.folder / "grouped.py").write_text(GROUPED)
    own = {"higher_is_better": True}
    text = {
        **{"study": "grouped", "seeds": 2, "recipe": {**SMALL, "epochs": 3}, "tracking": {"mlflow": False}},
        "data": {"name": "csv", "file": "visits.csv", "target": "y", "groups": "patient"},
        "metrics": {"fair": {"function": "grouped:of_patients", **own}, "count": {"function": "grouped:whole", **own}},
        "ablations": {"slow": {"set": {"learning_rate": 0.1}}},
        "claims": {"c": {"sentence": "S.", "arm": "slow", "expect": "hurts", "metric": "gap/fair"}},
    }  # fmt: skip
    flow.write(text)
    done = flow.run()
    assert done.returncode == 0, done.stdout + done.stderr
    results = flow.folder / "results" / "grouped"
    stored = np.load(results / "data" / "arrays.npz")
    assert stored["x_test"].shape == (24, 2) and stored["groups_test"].shape == (24,)
    for run in load_study(results).to_dict("records"):
        (path,) = results.glob(f"runs/{run['arm']}/*/seed_{run['seed']}.predictions.npz")
        right = np.load(path)["test"].argmax(1) == stored["y_test"]
        by_patient = [right[stored["groups_test"] == one].mean() for one in np.unique(stored["groups_test"])]
        assert run["test/fair"] == pytest.approx(np.mean(by_patient)) and run["test/count"] == len(by_patient)
    assert flow.would_run() == {}
    before = load_study(results)["test/fair"].tolist()
    patients(flow.folder, changed=True)
    again = flow.run()
    assert again.returncode == 0 and "Train " not in again.stdout + again.stderr, again.stderr
    assert load_study(results)["test/fair"].tolist() != before
