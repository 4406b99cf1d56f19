"""What a model with a loss of its own gives: anything, which is measured by its loss, and one array where it is predicted."""

import dataclasses

import numpy as np
import pytest

from butfor.data.dataset import Dataset
from butfor.engine.keras_engine import KerasEngine
from butfor.engine.user_models import build
from butfor.training import seed_job
from butfor.training.arm_job import train_arm
from butfor.training.arm_runs import ArmRuns
from butfor.training.predictions import try_prediction
from butfor.user_code.location import OwnCodeError
from conftest import NUMPY, SMALL, resolved
from test_own_code import own  # noqa: F401

X = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
DATA = Dataset("rows", "0", 1, X, X, X, X, task="own", outputs=(2,))
MODEL = """
import keras


class Coder(keras.Model):
    def __init__(self, parts):
        super().__init__()
        self.code, self.out = (keras.layers.Dense(n, **parts.kernel(name)) for n, name in ((1, "code"), (2, "out")))

    def call(self, x):
        code = self.code(x)
        image = self.out(code)
        return OUTPUTS

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean((y - FIRST) ** 2)


def build(recipe, shape, classes, parts):
    model = Coder(parts)
    model.build((None, *shape))
    return model
"""
USES = {"uses": ["initialiser", "layer_initialisers", "bias_initialiser", "l1", "l2", "max_norm"]}
SEVERAL = [
    ("{'image': image, 'code': code}", "y_pred['image']", r"received a dict of image, code\. Return"),
    pytest.param(
        "(image, image + code)", "y_pred[0]", r"received a tuple of 2 arrays\. Return", marks=pytest.mark.long
    ),
]


def engine(write, outputs, first):
    name = write(MODEL.replace("OUTPUTS", outputs).replace("FIRST", first), USES)
    recipe = resolved(model=name, batch_size=5, loop="graph")
    build(recipe, DATA, "an_arm")
    made = KerasEngine(recipe, DATA, np.full(8, 0.1, np.float32))
    made.start(0)
    return made


@pytest.mark.parametrize(("outputs", "first", "words"), SEVERAL, ids=["a dict", "a tuple of arrays of one shape"])
def test_several_outputs_are_trained_and_measured_and_refused_only_as_predictions(own, outputs, first, words):  # noqa: F811
    """A tuple of arrays of one shape would else be stacked, and kept as predictions of other examples."""
    made = engine(own, outputs, first)
    _, objective = made.train_epoch(np.arange(20, dtype=np.int32).reshape(4, 5))
    figures = made.evaluate("test", np.arange(20, dtype=np.int32))
    assert 0 < figures["loss"] < 10 and np.isfinite(objective)
    with pytest.raises(OwnCodeError, match=rf"^mine: expected one array .*{words}"):
        try_prediction(made, DATA, "mine")
    other = dataclasses.replace(DATA, task="regression")
    try_prediction(made, other, "mine")  # of other tasks, outputs were held to the targets while building


def test_one_output_is_what_is_predicted_in_a_dict_too(own):  # noqa: F811
    alone, within = engine(own, "image", "y_pred"), engine(own, "{'image': image}", "y_pred['image']")
    rows = np.arange(7, dtype=np.int32)
    try_prediction(within, DATA, "mine")
    assert within.scores("test", rows).shape == (7, 2)
    np.testing.assert_array_equal(within.scores("test", rows), alone.scores("test", rows))


@pytest.mark.parametrize(("parts", "is_tried"), [(["test"], True), ([], False)], ids=["kept", "not kept"])
def test_what_are_no_predictions_is_told_before_it_trains(digits, tmp_path, monkeypatch, parts, is_tried):
    def refuse(*_):
        raise OwnCodeError("no predictions")

    def train(*_):
        raise OwnCodeError("trained")

    monkeypatch.setattr(seed_job, "try_prediction", refuse)
    monkeypatch.setattr(ArmRuns, "train", train)
    job = {
        "arm": "a",
        "seeds": [0],
        "recipe": resolved(**SMALL),
        "validation": 0.1,
        "engine": NUMPY,
        "predictions": parts,
    }
    with pytest.raises(OwnCodeError, match="no predictions" if is_tried else "trained"):
        train_arm(job, *digits, threads=1, runs=tmp_path / "runs" / "a" / "look1")
