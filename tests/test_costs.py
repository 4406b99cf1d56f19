"""What the arms' models cost in use."""

from __future__ import annotations

import json

import numpy as np
import pytest

from butfor.engine import model_cost, models
from conftest import SMALL, resolved

RECIPE = {**SMALL, "model": {"name": "mlp", "widths": [32]}}


def test_a_study_that_asks_for_costs_reports_them_and_one_that_does_not_measures_none(workflow_copy):
    copy = workflow_copy("costs")
    study = {
        "study": "costs", "seeds": 2, "data": "digits", "recipe": RECIPE, "tracking": {"mlflow": False},
        "ablations": {"wide": {"set": {"model.widths": [64]}}},
    }  # fmt: skip
    copy.write(study)
    assert copy.run().returncode == 0
    assert not (copy.folder / "results/costs/costs.json").exists()
    copy.write({**study, "costs": {"batch_sizes": [1, 32]}})
    assert copy.would_run() == {"cost": 1, "report": 1}
    done = copy.run()
    assert done.returncode == 0, done.stderr
    costs = json.loads((copy.folder / "results/costs/costs.json").read_text())["arms"]
    assert costs["baseline"]["parameters"] == 64 * 32 + 32 + 32 * 10 + 10 and costs["wide"]["latency"]["32"] == [
        0.5,
        1.0,
    ]
    report = (copy.folder / "results/costs/report.md").read_text()
    assert "## What the arms cost" in report and "| `wide` | 4.81 k (+100 %) |" in report
    copy.write(study)
    assert copy.would_run() == {"report": 1}


@pytest.mark.parametrize(
    ("recipe", "shape", "expected"),
    [
        ({"model": {"name": "mlp", "widths": [16]}}, (8, 8), 2 * (64 * 16 + 16 * 10)),
        ({"model": {"name": "cnn", "filters": [4], "width": 16}}, (8, 8), 2 * (64 * 9 * 4 + 64 * 16 + 16 * 10)),
    ],
)
def test_operations_count_a_multiplication_and_an_addition_as_two(recipe, shape, expected):
    model = models.build(resolved(**recipe), shape, 10, 0, "philox")
    assert expected < model_cost.operations(model, shape) < expected * 1.15  # biases, activations, pooling beside


def test_a_latency_is_that_of_the_predictions_with_its_tail():
    model = models.build(resolved(model={"name": "mlp", "widths": [16]}), (8, 8), 10, 0, "philox")
    measured = model_cost.latencies(model, np.zeros((5, 8, 8), np.float32), [1, 64])
    assert set(measured) == {"1", "64"} and all(0 < median <= tail < 1000 for median, tail in measured.values())
