"""Metrics of the user's own, tried on made-up predictions before anything trains."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from butfor.metrics.metric_trial import made_up, try_own
from butfor.process.start_settings import StartSettings
from butfor.records.results_folder import ARRAYS, MANIFEST, data_file
from butfor.user_code.location import OwnCodeError
from butfor.workflow import metric_trials, tried_functions
from butfor.workflow.data_job import prepare_data
from conftest import NEEDS

CODE = """
import math
import os
import numpy as np

def good(truth, prediction, inputs):
    assert inputs.shape[0] == len(truth) == len(prediction)
    print("what it prints is no error of its")
    return float((prediction.argmax(axis=1) == truth).mean())

def key(truth, prediction):
    return prediction["p"]

def two(truth, prediction):
    return prediction.mean(axis=0)

def lines(truth, prediction):
    raise ValueError("expected probabilities\\nreceived logits")

def ends(truth, prediction):
    os._exit(3)

def undefined(truth, prediction):
    return math.nan
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("tried_metrics", None)
    (tmp_path / "tried_metrics.py").write_text(CODE)
    return lambda *names: [{"score": f"tried_metrics:{name}"} for name in names]


def test_one_that_can_be_computed_and_one_that_is_undefined_for_what_is_made_up_pass(own, digits):
    try_own([*own("good", "undefined"), {"score": "roc_auc"}], *digits, 0.1)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "key",
            r"tried_metrics:key: measuring predictions, it raised IndexError: .* in .*tried_metrics.py, line 12\. Tried on",
        ),
        (
            "two",
            r"tried_metrics:two: expected one finite number .* received ndarray of shape \(10,\)\. Tried on",
        ),
    ],
)
def test_one_that_fails_is_refused_with_its_error(own, digits, name, told):
    with pytest.raises(OwnCodeError, match=told):
        try_own(own("good", name), *digits, 0.1)


@pytest.mark.parametrize(
    ("task", "truth", "outputs", "shape"),
    [
        ("classification", np.arange(6) % 3, [3], (6, 3)),
        ("binary", np.arange(6) % 2, [1], (6, 1)),
        ("multilabel", np.ones((6, 4)), [4], (6, 4)),
        ("segmentation", np.zeros((6, 5, 5), np.int32), [5, 5, 3], (6, 5, 5, 3)),
        ("regression", np.arange(6.0).reshape(6, 1), [1], (6, 1)),
    ],
)
def test_what_is_made_up_has_the_shape_and_the_range_of_predictions(task, truth, outputs, shape):
    predicted = made_up(truth, {"task": task, "outputs": outputs, "classes": outputs[-1]})
    assert predicted.shape == shape and predicted.dtype == np.float32
    if task == "regression":
        assert sorted(predicted.reshape(-1)) == sorted(truth.reshape(-1)) and (predicted != truth).any()
    elif task in ("classification", "segmentation"):
        np.testing.assert_allclose(predicted.sum(axis=-1), 1, rtol=1e-5)
    else:
        assert ((predicted > 0) & (predicted < 1)).all()


def test_the_job_that_makes_the_data_tries_them(own, tmp_path):
    data = {"name": "digits", "folder": None, "file": None, "arrays": {}, "validation": 0.1, "largest": NEEDS}
    paths = tmp_path / "arrays.npz", tmp_path / "manifest.json", tmp_path / "source.json"
    terms = {"name": "key", "options": {}, "parts": ["test"], **own("key")[0]}
    with pytest.raises(OwnCodeError, match=r"tried_metrics:key: .* before anything trains\."):
        prepare_data(StartSettings(data={"": data}, metrics=[terms]), "", *paths, reads_token="", made_of="")


def test_a_start_tries_what_has_not_been_tried_on_data_that_are_there(own, digits, tmp_path, monkeypatch):
    results = tmp_path / "results"
    for file, made in zip((ARRAYS, MANIFEST), digits, strict=True):
        place = data_file(results, file, "")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(made.read_bytes())
    settings = {"results": str(results), "data_sets": {"": {"validation": 0.1}}}
    tried, run = [], tried_functions.subprocess.run

    def counted(*words, **asked):
        tried.append([metric["score"] for metric in json.loads(asked["input"])["metrics"]])
        return run(*words, **asked)

    monkeypatch.setattr(tried_functions.subprocess, "run", counted)

    def start(stale=(), **codes):
        metrics = {f"tried_metrics:{name}": {"code": code} for name, code in codes.items()}
        metric_trials.try_metrics(settings, SimpleNamespace(own_metrics=metrics, data=SimpleNamespace(stale=stale)))

    start()
    start(stale=[""], key="a")  # of data that are to be made, the job that makes them tries
    assert tried == []
    start(good="a")
    start(good="a")
    with pytest.raises(OwnCodeError, match=r"^tried_metrics:key: .* before anything trains\.$"):
        start(good="a", key="b")
    with pytest.raises(OwnCodeError):
        start(good="a", key="b")
    start(good="c")
    assert tried == [[f"tried_metrics:{name}"] for name in ("good", "key", "key", "good")]
    with pytest.raises(OwnCodeError, match=r"expected probabilities(.|\n)*received logits"):
        start(lines="a")
    tried.clear()
    start(ends="a")
    start(ends="a")
    assert len(tried) == 2, "a trial that was ended says nothing of the metric"
