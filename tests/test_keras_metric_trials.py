"""Settings of Keras's metrics, tried before anything trains."""

import json
import re

import pytest

from butfor.errors import SeveralErrors
from butfor.study.asked_metrics import MetricError, completed
from butfor.workflow import keras_metric_trials, tried_functions

AT = {"keras": "RecallAtPrecision", "settings": {"precision": 80}}


@pytest.fixture
def start(tmp_path, monkeypatch):
    """A start with these metrics, which says what it had tried."""
    monkeypatch.chdir(tmp_path)
    run, tried = tried_functions.subprocess.run, []

    def noted(*words, **asked):
        tried.append(list(json.loads(asked["input"])))
        return run(*words, **asked)

    monkeypatch.setattr(tried_functions.subprocess, "run", noted)

    def start(**metrics):
        tried.clear()
        keras_metric_trials.try_settings(completed(metrics))
        return list(tried)

    return start


def test_what_keras_refuses_is_told_and_tried_again_and_what_it_takes_is_not(start):
    mean = {"keras": "F1Score", "settings": {"average": "mean"}}
    caught = {"keras": "SensitivityAtSpecificity", "settings": {"specificity": 0.95}}
    with pytest.raises(SeveralErrors) as refused:
        start(at=AT, caught=caught, mean=mean)
    told = [("at", r"`precision`.* \[0, 1\]"), ("mean", "average")]
    for error, (name, words) in zip(refused.value.errors, told, strict=True):
        assert isinstance(error, MetricError) and error.at == ("metrics", name)
        assert re.search(rf"^metrics\.{name}: .*Keras says: .*{words}", str(error))
    classes = {"keras": "IoU", "settings": {"target_class_ids": [1, 7]}}
    assert start(at={**AT, "settings": {"precision": 0.8}}, classes=classes, caught=caught) == [
        ["at", "classes", "caught"]
    ]
    assert start(other={"keras": "RecallAtPrecision", "settings": {"precision": 0.8}}) == []


def test_nothing_is_started_for_metrics_without_settings(start):
    assert start(accuracy={}, f1={"positive": 1}, CosineSimilarity={}, top={"keras": "TopKCategoricalAccuracy"}) == []
