"""Streams of Keras's as data, and inputs that stay on disk while Keras trains on them: the numbers are those of arrays."""

import dataclasses
import json

import numpy as np
import pytest
import yaml

from butfor.data.dataset import load
from butfor.engine import data_parts
from butfor.engine.keras_engine import KerasEngine
from butfor.records.tables import load_study
from butfor.training.arm_runs import ArmRuns
from conftest import resolved

FIGURES = ["test/accuracy", "test/loss", "train/loss", "validation/loss"]


def test_a_study_on_streams_leaves_the_numbers_of_arrays(case):
    own = {
        name: {"name": f"pictures:as_{name}", "stream": name != "plain"} for name in ("plain", "pipelines", "batches")
    }
    recipe = {"model": {"name": "mlp", "widths": [16]}, "dropout": 0.1, "batch_size": 32, "epochs": 2, "loop": "graph"}
    study = {"study": "s", "seeds": 2, "tracking": {"mlflow": False}, "data": own, "recipe": recipe}
    study["ablations"] = {"no_dropout": {"set": {"dropout": 0.0}, "only": ["plain"]}}
    (case.folder / "study.yaml").write_text(yaml.safe_dump(study))
    done = case.run("check", "--configfile", "study.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    results = case.folder / "results" / "s"
    assert {row["outcome"] for row in json.loads((results / "checks.json").read_text())} == {"proven"}
    runs = load_study(results)
    runs[["of", "on"]] = runs["arm"].str.split("@", expand=True)
    for (of, _), same in runs.groupby(["of", "seed"]):
        assert len(same) == (3 if of == "baseline" else 1) and (same[FIGURES].nunique() == 1).all(), same[
            ["arm", *FIGURES]
        ]
    logs = {name: (results / "logs" / "train" / f"baseline@{name}_look1.log").read_text() for name in own}
    assert [name for name, text in logs.items() if "read from disk batch by batch" in text] == ["pipelines", "batches"]
    assert "400 examples, read once in their order" in (results / "logs" / "data" / "pipelines.log").read_text()
    study["data"]["plain"]["stream"] = True
    (case.folder / "study.yaml").write_text(yaml.safe_dump(study))
    assert case.would_run("check", "--configfile", "study.yaml") == {}


def test_a_shuffled_pipeline_is_refused_before_anything_trains(case):
    study = {"study": "s", "seeds": 2, "data": "pictures:shuffled", "ablations": {"a": {"set": {"dropout": 0.1}}}}
    (case.folder / "study.yaml").write_text(yaml.safe_dump(study))
    done = case.run("--configfile", "study.yaml")
    assert done.returncode and "train: expected the same examples in the same order" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"loop": "graph"}, marks=pytest.mark.long),
        *(pytest.param({"loop": loop}, marks=pytest.mark.long) for loop in ("xla", "fit")),
        {"loop": "graph", "input_scaling": "standard", "class_weight": "balanced"},
        {"loop": "fit", "mixup": 0.2, "class_weight": "balanced"},
        {"loop": "xla", "input_scaling": "unit", "mixup": 0.2},
        pytest.param({"loop": "graph", "model": {"name": "cnn"}}, marks=pytest.mark.long),
        {"loop": "graph", "sample_weight": "given"},
    ],
    ids=str,
)
def test_streamed_inputs_train_to_the_same_bit_in_every_loop(digits, changes, monkeypatch):
    monkeypatch.setattr(data_parts, "AT_ONCE", 1)
    base = {"model": {"name": "mlp", "widths": [32]}, "dropout": 0.1, "epochs": 2, "batch_size": 32}
    task = {"arm": "a", "recipe": resolved(**{**base, **changes}), "validation": 0.1}
    records, weights = [], []
    for stream in (False, True):
        data = load(*digits, stream)
        weights_of = np.linspace(0, 2, len(data.y_train), dtype=np.float32) if "sample_weight" in changes else None
        runs = ArmRuns(KerasEngine, task, dataclasses.replace(data, w_train=weights_of), "cpu")
        left = {**runs.train(seed=3).__dict__, "timing": None, "machine": None}
        records.append(json.dumps(left, default=lambda value: value.tolist()))
        weights.append(runs.engine.weights())
    assert records[0] == records[1]
    assert all(np.array_equal(held, streamed) for held, streamed in zip(*weights, strict=True))
