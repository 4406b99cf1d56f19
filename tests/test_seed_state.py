"""A seed's run does not depend on the seeds before it in the job, wherever a user's own model keeps what it draws and learns."""

import logging
import sys
from itertools import pairwise

import numpy as np
import pytest

from butfor.engine.keras_engine import KerasEngine
from butfor.engine.user_models import build
from butfor.user_code.location import OwnCodeError
from conftest import resolved
from keras_training import arm_runs
from test_training import same

LONG = pytest.mark.long
PLACES = "number", "variable", "keras", "step", "generator", "optimiser"


@pytest.fixture
def folder(brought):
    return brought("hoarder")


@pytest.fixture
def hoarder(folder, monkeypatch):
    """Recipes of the hoarding model, which lies in the working folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])

    def recipe(place, loop="graph"):
        model = {"name": "hoarder:build", "place": place}
        return resolved(model=model, epochs=1, batch_size=64, learning_rate=0.01, loop=loop)

    return recipe


@pytest.mark.parametrize(
    ("place", "seeds"),
    [
        ("mask", (0, 2)),
        pytest.param("mask", (0, 1, 2), marks=LONG),
        ("generator", (0, 2)),
        *(pytest.param(place, (0, 1, 2), marks=LONG) for place in PLACES),
    ],
)
def test_a_seed_alone_and_last_in_a_job_leaves_the_same_record(hoarder, digits_data, place, seeds):
    together = arm_runs(hoarder(place), digits_data)
    last = [together.train(seed) for seed in seeds][-1]
    same(arm_runs(hoarder(place), digits_data).train(2), last)


@pytest.mark.parametrize(
    ("place", "seeds"), [("mask", (1, 2)), pytest.param("choice", (0, 1, 2), marks=pytest.mark.cases)]
)
def test_under_xla_a_model_is_compiled_anew_where_its_variables_are_not_all(hoarder, digits_data, place, seeds, caplog):
    together = arm_runs(hoarder(place, "xla"), digits_data)
    models, caplog.handler.level = [], logging.INFO
    logging.getLogger("butfor").setLevel(logging.INFO)
    for seed in seeds:
        last = together.train(seed)
        models.append(together.engine.model)
    assert models[-2] is not models[-1] and all(one is other for one, other in pairwise(models[:-1]))
    assert caplog.text.count("hoarder:build: compiled anew for each seed") == 1
    same(arm_runs(hoarder(place, "xla"), digits_data).train(2), last)


def test_under_xla_seeds_share_the_compiled_model_where_its_variables_are_all(hoarder, digits_data):
    engine = KerasEngine(hoarder("none", "xla"), digits_data, np.full(20, 0.01, np.float32))
    models = []
    for seed in (0, 3):
        engine.start(seed)
        models.append(engine.model)
    assert models[0] is models[1]


@pytest.mark.parametrize(
    ("place", "resumable"),
    [
        ("step", True),
        ("generator", False),
        pytest.param("mask", True, marks=LONG),
        pytest.param("optimiser", False, marks=LONG),
        pytest.param("variable", False, marks=LONG),
    ],
)
def test_a_checkpoint_is_kept_only_where_the_training_goes_on_from_it(hoarder, digits_data, place, resumable):
    order = np.arange(5 * 64, dtype=np.int32).reshape(5, 64)
    engine, later = (KerasEngine(hoarder(place), digits_data, np.full(20, 0.01, np.float32)) for _ in range(2))
    engine.start(1)
    engine.train_epoch(order)
    state = engine.state()
    _, objective = engine.train_epoch(order)
    later.start(1)
    later.resume(state)
    assert engine.resumable() == resumable == (later.train_epoch(order)[1] == objective)


def test_noise_that_nothing_seeds_is_refused_before_training(hoarder, digits_data):
    with pytest.raises(OwnCodeError, match=r"training twice with the same seed gave other losses .*parts\.key"):
        build(hoarder("nowhere"), digits_data, "arm")


def test_the_objective_of_a_step_that_returns_the_loss_of_its_batch_is_the_mean(hoarder, digits_data):
    engine = KerasEngine(hoarder("optimiser"), digits_data, np.full(20, 0.01, np.float32))
    order = np.arange(5 * 64, dtype=np.int32).reshape(5, 64)
    engine.start(0)
    one_by_one = [engine.train_epoch(order[step : step + 1])[1] for step in range(5)]
    engine.start(0)
    assert engine.train_epoch(order)[1] == pytest.approx(np.mean(one_by_one), rel=1e-5)


@pytest.mark.parametrize(
    "place", ["generator", *(pytest.param(place, marks=LONG) for place in ("optimiser", "variable"))]
)
def test_what_is_tried_and_measured_before_a_training_leaves_nothing_in_it(hoarder, digits_data, place):
    arm = arm_runs(hoarder(place), digits_data)
    run = arm.train(0)
    assert run.trial["unknown"] and "expected" not in run.trial
    assert arm.validate(0)["validation/loss"] == run.metrics["validation/loss"]  # which tries and measures nothing


def test_xla_does_not_train_on_features_other_than_those_that_predictions_draw(hoarder, digits_data):
    def loop(asked):
        long = {**hoarder("number", asked), "epochs": 100}
        return KerasEngine(long, digits_data, np.full(20, 0.01, np.float32)).loop

    assert (loop("auto"), loop("graph")) == ("graph", "graph")
    with pytest.raises(OwnCodeError, match=r"draws for predictions.* Write loop: graph"):
        loop("xla")
