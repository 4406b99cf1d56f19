"""The task in a plan: what decides is named only where the study, its data, records or a probe tell the task."""

import numpy as np
import pytest

from butfor.outlook.design_power import design_power
from butfor.outlook.planned_study import planned_study
from butfor.outlook.power_text import power_lines
from conftest import SMALL


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """The plan of a study of a table of numbers that no start has stored."""
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).normal(size=(40, 2))
    rows = [f"{a:.4f},{b:.4f},{a - b:.4f}" for a, b in x]
    (tmp_path / "table.csv").write_text("\n".join(["a,b,y", *rows]))
    data, ablations = {"name": "csv", "file": "table.csv", "target": "y"}, {"no_dropout": {"set": {"dropout": 0.0}}}
    study = {"study": "s", "results": "r", "seeds": [2], "data": data, "recipe": {**SMALL, "dropout": 0.1}}

    def of(**further):
        return planned_study({**study, "ablations": ablations, "tracking": {"mlflow": False}, **further}, [])

    return of


def said(study, **known):
    return "\n".join(power_lines(design_power(study, [], **known)))


def test_no_metric_is_named_where_nothing_tells_the_task(plan):
    text = said(plan())
    assert "accuracy" not in text and "depends on the task" in text and "`task: regression`" in text


@pytest.mark.parametrize(("written", "found"), [({"task": "regression"}, None), ({}, "regression")])
def test_the_study_and_a_probe_tell_it(plan, written, found):
    text = said(plan(**written), task=found)
    assert "accuracy" not in text and "What it can see in test RMSE" in text and "depends on the task" not in text


def test_a_metric_that_the_study_says_decides_is_named_with_no_others(plan):
    text = said(plan(metrics={"mae": {"primary": True, "margin": 0.1}}))
    assert "What it can see in test MAE" in text and "accuracy" not in text


def test_published_data_tell_it(plan):
    assert "What it can see in test accuracy" in said(plan(data="digits"))
