"""Every layer of Keras's that draws, and those that remember, attend, normalise or wrap, is built, trained and repeated."""

import inspect
import sys

import keras
import pytest

import zoo
from butfor.engine.user_models import build
from butfor.user_code.location import OwnCodeError
from conftest import resolved

pytestmark = pytest.mark.cases
INSIDE = {"LSTMCell", "GRUCell", "SimpleRNNCell"}  # of layers that are there
LIKE_OTHERS = {"ConvLSTM1D", "ConvLSTM3D"}  # like ConvLSTM2D, and slow
UNSUITABLE = {"JaxLayer", *INSIDE, *LIKE_OTHERS}


@pytest.fixture
def folder(brought):
    return brought("zoo")


NAMES = [*zoo.LAYERS]
TOGETHER = 8  # what Keras adds around a layer is most of the time that this takes


@pytest.fixture
def built(folder, digits_data, monkeypatch):
    """Builds a model of some layers as it is built before it trains; gives its layers."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.delitem(sys.modules, "zoo")
    model = {"name": "zoo:build"}
    return lambda names: build(
        resolved(model={**model, "layers": names}, batch_size=16, loop="graph"), digits_data, "arm"
    )


@pytest.mark.parametrize(
    "names", [NAMES[start : start + TOGETHER] for start in range(0, len(NAMES), TOGETHER)], ids=" ".join
)
def test_they_are_built_train_and_repeat_themselves(built, names):
    rows = built(names)
    assert rows[-1]["layer"] == "logits" and len(rows) > 2 * len(names)


@pytest.mark.parametrize("name", zoo.UNREPEATABLE)
def test_those_that_no_seed_makes_repeatable_are_refused(built, name):
    with pytest.raises(OwnCodeError, match=r"with the same seed gave other .*expected the same"):
        built([name])


def test_no_layer_that_can_be_seeded_is_left_out():
    classes = {name: kind for name, kind in vars(keras.layers).items() if inspect.isclass(kind)}
    seeded = {name for name, kind in classes.items() if "seed" in inspect.signature(kind.__init__).parameters}
    assert seeded - UNSUITABLE == seeded & {*zoo.LAYERS, *zoo.UNREPEATABLE}
