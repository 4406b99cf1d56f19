"""Every layer of Keras's that draws, and those that remember, attend, normalise or wrap, is built, trained and repeated."""

import dataclasses
import inspect
import sys

import keras
import pytest

import zoo
from butfor.checks.footprints.table import FOOTPRINTS
from butfor.engine.user_models import build
from butfor.user_code.location import OwnCodeError
from conftest import resolved
from keras_training import arm_runs

pytestmark = pytest.mark.cases
INSIDE = {"LSTMCell", "GRUCell", "SimpleRNNCell"}  # of layers that are there
LIKE_OTHERS = {"ConvLSTM1D", "ConvLSTM3D"}  # like ConvLSTM2D, and slow
UNSUITABLE = {"JaxLayer", *INSIDE, *LIKE_OTHERS}


@pytest.fixture
def folder(brought):
    return brought("zoo")


NAMES = [*zoo.LAYERS]
TOGETHER = 8  # what Keras adds around a layer is most of the time that this takes
ALONE = "RandomElasticTransform"  # which takes as long as ten others
SLOW = "RandomTranslation"  # with its group, which moves images as others do


@pytest.fixture
def few(folder, digits_data, monkeypatch):
    """A few digits, where the model is found."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.delitem(sys.modules, "zoo")
    return dataclasses.replace(digits_data, x_train=digits_data.x_train[:100], y_train=digits_data.y_train[:100])


def of(names):
    """A recipe whose model has some layers."""
    return resolved(model={"name": "zoo:build", "layers": names}, batch_size=16, epochs=1, loop="graph")


def groups():
    """The layers, some at a time: every second group, and those that take longest, are left to `make test-long`."""
    for place, start in enumerate(range(0, len(NAMES), TOGETHER)):
        names = [name for name in NAMES[start : start + TOGETHER] if name != ALONE]
        yield pytest.param(names, id=" ".join(names), marks=[pytest.mark.long] * (place % 2 or SLOW in names))
    yield pytest.param([ALONE], id=ALONE, marks=pytest.mark.long)


@pytest.mark.parametrize("names", [*groups()])
def test_they_are_built_train_repeat_themselves_and_leave_footprints(few, names):
    rows = build(of(names), few, "arm")
    assert rows[-1]["layer"] == "logits" and len(rows) > 2 * len(names)
    record = arm_runs(of(names), few).train(0)
    assert {key: footprint.fault(record) for key, footprint in FOOTPRINTS.items()} == dict.fromkeys(FOOTPRINTS, "")
    assert all(footprint.trace(record) for footprint in FOOTPRINTS.values())


@pytest.mark.parametrize("name", zoo.UNREPEATABLE)
def test_those_that_no_seed_makes_repeatable_are_refused(few, name):
    with pytest.raises(OwnCodeError, match=r"with the same seed gave other .*expected the same"):
        build(of([name]), few, "arm")


def test_no_layer_that_can_be_seeded_is_left_out():
    classes = {name: kind for name, kind in vars(keras.layers).items() if inspect.isclass(kind)}
    seeded = {name for name, kind in classes.items() if "seed" in inspect.signature(kind.__init__).parameters}
    assert seeded - UNSUITABLE == seeded & {*zoo.LAYERS, *zoo.UNREPEATABLE}
