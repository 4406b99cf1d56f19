"""A study of each task, from its file to its report, with figures that are scikit-learn's on the same predictions."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn import metrics as sk
from sklearn.datasets import load_breast_cancer

from butfor.records.tables import load_study

MLP = {
    "model": {"name": "mlp", "widths": [32]},
    "batch_size": 32,
    "epochs": 5,
    "input_scaling": "standard",
    "loop": "graph",
}
STUDIES = {
    "binary": {
        "task": "binary",
        "data": {"name": "csv", "file": "patients.csv", "target": "진단", "test": {"share": 0.3, "by": "stratified"}},
        "metrics": {"pr_auc": {"primary": True, "margin": 1}, "f1": {"positive": 1}},
        "recipe": {**MLP, "input_scaling": "auto", "class_weight": "balanced"},
        "ablations": {"parts": {"remove_each": ["class_weight"]}, "focal": {"set": {"loss": "focal"}}},
    },
    "regression": {
        "data": "things:diabetes",
        "task": "regression",
        "metrics": {"rmse": {"primary": True, "margin": "2 %"}, "r2": {}},
        "recipe": {**MLP, "epochs": 20},
        "ablations": {"absolute": {"set": {"loss": "mean_absolute_error"}}},
    },
    "multilabel": {
        "data": "things:multilabel",
        "metrics": ["f1_macro", "roc_auc"],
        "recipe": MLP,
        "ablations": {"smooth": {"set": {"label_smoothing": 0.1}}},
    },
    "segmentation": {
        "data": "things:shapes",
        "metrics": {"dice": {"primary": True, "margin": 1}, "iou": {"classes": [1, 2]}},
        "recipe": {"model": {"name": "nets:unet"}, "batch_size": 20, "epochs": 4, "learning_rate": 0.005},
        "costs": {"batch_sizes": [1]},
        "ablations": {"dice": {"set": {"loss": "dice"}}},
    },
    "sequence": {
        "data": "things:tags",
        "recipe": {
            "model": {"name": "nets:tagger"},
            "batch_size": 20,
            "epochs": 4,
            "learning_rate": 0.01,
            "loop": "graph",
        },
        "ablations": {"focal": {"set": {"loss": "focal"}}},
    },
    "forecast": {
        "data": "things:waves",
        "task": "regression",
        "metrics": {"mae": {"primary": True, "margin": "5 %"}},
        "recipe": {
            "model": {"name": "nets:forecaster"},
            "batch_size": 50,
            "epochs": 4,
            "learning_rate": 0.01,
            "loop": "graph",
        },
        "ablations": {"huber": {"set": {"loss": "huber"}}},
    },
    "own": {
        "task": "own",
        "data": "things:pictures",
        "recipe": {"model": {"name": "nets:vae"}, "batch_size": 50, "epochs": 4},
        "ablations": {"narrow": {"set": {"model.latent": 1}}},
    },
}
LONG = "multilabel", "sequence", "forecast"  # classes, positions and numbers, as in others here
EXPECTED = {  # of truth and predictions
    "binary": {
        "test/pr_auc": lambda y, p: sk.average_precision_score(y, p[:, 0]),
        "test/f1": lambda y, p: sk.f1_score(y, p[:, 0] > 0.5),
        "test/accuracy": lambda y, p: sk.accuracy_score(y, p[:, 0] > 0.5),
    },
    "regression": {
        "test/r2": lambda y, p: sk.r2_score(y, p),
        "test/loss": lambda y, p: sk.mean_squared_error(y, p),
        "test/mae": lambda y, p: sk.mean_absolute_error(y, p),
    },
    "multilabel": {
        "test/f1_macro": lambda y, p: sk.f1_score(y, p > 0.5, average="macro"),
        "test/roc_auc": lambda y, p: sk.roc_auc_score(y, p),
    },
    "segmentation": {
        "test/iou": lambda y, p: sk.jaccard_score(y.ravel(), p.argmax(-1).ravel(), labels=[1, 2], average="macro"),
        "test/dice": lambda y, p: sk.f1_score(y.ravel(), p.argmax(-1).ravel(), average="macro"),
    },
    "sequence": {},
    "forecast": {"test/mae": lambda y, p: sk.mean_absolute_error(y, p)},
    "own": {},
}


def patients(path):
    """Breast cancer as a table with Korean names, 15 % of its rows malignant."""
    table = load_breast_cancer(as_frame=True).frame
    table["진단"] = table.pop("target").map({0: "악성", 1: "양성"})
    few = table[table["진단"] == "악성"].sample(63, random_state=0)
    rows = pd.concat([table[table["진단"] == "양성"], few]).sample(frac=1, random_state=1)
    rows.rename(columns={"mean radius": "평균 반지름"}).to_csv(path, index=False)


@pytest.mark.parametrize("task", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in STUDIES])
def test_a_study_of_each_task_comes_to_a_report_with_figures_that_are_right(case, task):
    patients(case.folder / "patients.csv")
    study = {"study": task, "seeds": 2, "tracking": {"mlflow": False}, "keep": {"predictions": True}, **STUDIES[task]}
    (case.folder / "study.yaml").write_text(yaml.safe_dump(study, allow_unicode=True))
    done = case.run("--configfile", "study.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    results = case.folder / "results" / task
    checks = json.loads((results / "checks.json").read_text())
    assert {row["outcome"] for row in checks} == {"proven"}, checks
    manifest = json.loads((results / "data" / "manifest.json").read_text())
    assert manifest["task"] == study["task"] if "task" in study else task
    report = (results / "report.md").read_text()
    assert "## Verdicts" in report and "<summary>Arms</summary>" in report
    if task == "segmentation":
        assert "## What the arms cost" in report
    with np.load(results / "data" / "arrays.npz") as data:
        truth = data["y_test"]
    for row in load_study(results).to_dict("records"):
        for name, score in EXPECTED[task].items():
            (path,) = results.glob(f"runs/{row['arm']}/*/seed_{row['seed']}.predictions.npz")
            with np.load(path) as kept:
                assert row[name] == pytest.approx(score(truth, kept["test"]), rel=1e-4), (row["arm"], name)
    again = case.would_run("--configfile", "study.yaml")
    assert again == {}
