"""Studies of models with training loops and pretrained parts of their own, from the file to checks by which all is proven."""

import json
import subprocess
import sys

import pytest
import yaml

from butfor.records.tables import load_study

ARMS = {
    "gan": {"task": "own", "ablations": {"narrow": {"set": {"model.latent": 1}}}},
    "contrastive": {"task": "own", "ablations": {"cold": {"set": {"model.temperature": 0.1}}}},
    "student": {"ablations": {"parts": {"remove_each": ["model.share"]}}},
    "read": {"ablations": {"parts": {"remove_each": ["model.frozen"]}}},
}
LONG = "contrastive", "gan", "read"


@pytest.mark.parametrize("model", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in ARMS])
def test_a_training_loop_of_ones_own_is_paired_and_proven(case, model):
    teacher = "import loops; loops.write_teacher()"
    subprocess.run([sys.executable, "-c", teacher], cwd=case.folder, check=True, capture_output=True)
    source = "whole" if model == "read" else "loops"
    recipe = {"model": {"name": f"{source}:{model}"}, "batch_size": 50, "epochs": 2, "learning_rate": 0.003}
    study = {
        "study": model,
        "seeds": 2,
        "data": "digits",
        "tracking": {"mlflow": False},
        "recipe": recipe,
        **ARMS[model],
    }
    (case.folder / "study.yaml").write_text(yaml.safe_dump(study))
    done = case.run("check", "--configfile", "study.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    results = case.folder / "results" / model
    checks = json.loads((results / "checks.json").read_text())
    assert {row["outcome"] for row in checks} == {"proven"}, checks
    runs = load_study(results)
    assert len(runs) == 4 and runs.groupby("seed")["test/loss"].nunique().eq(2).all()
    weights = {tuple(record["draws"]["weights"].values()) for record in records(results)}
    assert len(weights) == (1 if model == "read" else 2 if model != "gan" else 4), "the same for every arm of one seed"
    assert case.would_run("check", "--configfile", "study.yaml") == {}


def records(results):
    return [json.loads(path.read_text()) for path in results.glob("runs/*/*/seed_?.json")]
