"""The loop that butfor chooses, by the model and by how long a run trains."""

import logging
import shutil
import sys

import pytest

from butfor.engine import models
from butfor.engine.loop_choice import SHORT, loop_for
from butfor.engine.model_source import source_for
from butfor.recipe.architectures import ARCHITECTURES
from butfor.user_code.location import OwnCodeError
from conftest import ROOT, resolved

CASES = ROOT / "tests" / "cases"
EXAMPLES, BATCH = 1437, 48  # of `digits_data`, to train on
LONG = -(-SHORT // -(-EXAMPLES // BATCH))  # epochs
MLP = {"name": "mlp", "widths": [32, 16]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models of the cases; Python imports a module once."""
    made = tmp_path_factory.mktemp("models")
    for path in (*CASES.glob("08-*/rows.*"), *CASES.glob("09-*/noisy.*")):
        shutil.copy(path, made)
    return made


@pytest.fixture
def own(folder, monkeypatch):
    """A model of one of the cases in a recipe, which lies in the working folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    return lambda name, **settings: {"name": f"{name}:build", **settings}


@pytest.fixture
def loop(digits_data):
    assert len(digits_data.y_train) == EXAMPLES

    def chosen(model, epochs=LONG, asked="auto"):
        return loop_for(source_for(resolved(model=model, epochs=epochs, batch_size=BATCH, loop=asked), digits_data))

    return chosen


def test_short_trainings_take_the_graph_and_longer_ones_xla(loop):
    """The last, smaller batch of an epoch is a step."""
    assert LONG * (EXAMPLES // BATCH) < SHORT
    assert (loop(MLP, LONG - 1), loop(MLP, LONG)) == ("graph", "xla")
    assert (loop(MLP, 1, "xla"), loop(MLP, LONG, "graph"), loop(MLP, 1, "fit")) == ("xla", "graph", "fit")


def test_convolutions_take_the_graph_on_a_cpu(loop):
    for name, known in ARCHITECTURES.items():
        built = models.build(resolved(model={"name": name}, shift=1, rotation=10.0), (8, 8), 10, 0, "philox")
        assert models.convolves(built) == known.convolves, name
    assert loop({"name": "cnn", "filters": [4], "width": 8}) == "graph"


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_layers_that_draw_nothing_take_xla(own, loop, cell):
    model = own("rows", cell=cell, units=16)
    assert (loop(model), loop(model, epochs=1)) == ("xla", "graph")


def test_what_xla_cannot_train_or_draws_slowly_takes_the_graph_and_the_log_says_why(own, loop, caplog):
    logging.getLogger("butfor").setLevel(logging.INFO)
    caplog.handler.level = logging.INFO
    rotating = own("noisy", rotate=0.05)
    assert (loop(own("noisy", noise=0.2)), loop(rotating)) == ("graph", "graph")
    assert [record.message.split(": ", 1)[1] for record in caplog.records] == [
        "trained by the graph loop, since XLA is slow on a CPU at what its layers draw"
    ] * 2
    with pytest.raises(
        OwnCodeError, match=r"XLA cannot compile it: ImageProjectiveTransformV3 in the layer rotation\."
    ):
        loop(rotating, asked="xla")
