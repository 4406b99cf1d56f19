"""Engines are exchangeable: a second one, in NumPy, trains a whole study without TensorFlow, and both keep to the protocol."""

import inspect
import json
import os

import numpy as np
import pytest

from butfor.errors import StudyError
from butfor.records.record import read
from butfor.training.arm_runs import ArmRuns
from butfor.training.engine_choice import BUILT_IN, engine_named
from butfor.training.protocol import Engine, Probe
from butfor.workflow.code_dependencies import CodeDependencies
from butfor.workflow.parameters import ENGINES
from conftest import KERAS, NUMPY, ROOT, resolved
from numpy_engine import NumpyEngine

STUDY = {
    "study": "numpy",
    "seeds": 2,
    "data": {"name": "digits"},
    "tracking": {"mlflow": False, "models": "best"},
    "verdict": {"margin": 3.0},
    "recipe": {
        "model": {"name": "mlp", "widths": [24, 16]},
        "dropout": 0.1,
        "l2": 1.0e-4,
        "learning_rate": 0.01,
        "schedule": "cosine",
        "early_stopping": {"name": "patience", "patience": 1, "min_delta": 0.2},
        "epochs": 5,
        "batch_size": 32,
    },
    "ablations": {
        "parts": {"remove_each": "all"},
        "initialiser_zeros": {"set": {"initialiser": "zeros"}},
        "nesterov": {"set": {"optimiser": {"name": "sgd", "momentum": 0.9, "nesterov": True}}},
        "bias": {"set": {"bias_initialiser": "normal", "input_dropout": 0.2}},
        "tanh": {"set": {"model.activation": "tanh", "l1": 1.0e-4, "label_smoothing": 0.1}},
        "plateau": {"set": {"schedule": {"name": "reduce_on_plateau", "patience": 0, "min_delta": 0.5}}},
        "exploding": {"set": {"learning_rate": 1.0e30, "optimiser": "sgd"}},
    },
}
ABSENT = "raise ImportError('{0} was imported by a study that trains with NumPy')\n"


@pytest.fixture(scope="module")
def numpy_study(workflow_copy, tmp_path_factory):
    """The results of a study trained with the NumPy engine where TensorFlow and Keras cannot be imported."""
    absent, copy = tmp_path_factory.mktemp("absent"), workflow_copy("numpy")
    for name in ("tensorflow", "keras"):
        (absent / f"{name}.py").write_text(ABSENT.format(name))
    copy.write(STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUTFOR_ENGINE", NUMPY)
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (absent, ROOT / "tests"))))
        done = copy.run("check")
        again = copy.run("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing to be done" in again.stdout + again.stderr
    return copy.folder / "results" / "numpy"


@pytest.mark.cases
def test_every_arm_of_a_study_trained_with_numpy_is_proven(numpy_study):
    rows = json.loads((numpy_study / "checks.json").read_text())
    assert {row["arm"]: row["problems"] for row in rows if row["outcome"] != "proven"} == {}
    assert len(rows) == 11


@pytest.mark.cases
def test_an_arm_that_explodes_diverges_and_the_others_learn(numpy_study):
    statuses = {}
    for path in numpy_study.glob("runs/*/look*/seed_*.json"):
        statuses.setdefault(path.parts[-3], set()).add(read(path).status)
    assert statuses.pop("exploding") == {"diverged"} and statuses.pop("initialiser_zeros") == {"at_chance"}
    assert set.union(*statuses.values()) == {"ok"}
    assert len(list(numpy_study.glob("models/best/baseline/look1/seed_*"))) == 1


@pytest.mark.parametrize("name", [NUMPY, KERAS])
def test_an_engine_has_the_protocol_s_methods_with_their_arguments(name, digits_data):
    kind = engine_named(name)
    recipe = resolved(model={"name": "mlp", "widths": [4]}, loop="graph")
    engine = kind(recipe, digits_data, np.ones(3, np.float32))
    assert isinstance(engine, Engine) and isinstance(engine.probe, Probe)
    for protocol, one in ((Engine, kind), (Probe, type(engine.probe))):
        methods = [method for method in vars(protocol) if callable(getattr(protocol, method)) and method[0] != "_"]
        assert len(methods) >= 5
        for method in [*methods, *(["__init__"] if protocol is Engine else [])]:
            arguments, stated = (inspect.signature(getattr(x, method)).parameters for x in (one, protocol))
            assert [*arguments] == [*stated], method


@pytest.mark.parametrize("name", [NUMPY, KERAS])
def test_an_engine_goes_back_to_a_state_or_to_weights_to_the_bit(name, digits_data):
    recipe = resolved(model={"name": "mlp", "widths": [8]}, loop="graph", dropout=0.3)
    engine = engine_named(name)(recipe, digits_data, np.full(60, 0.01, np.float32))
    order = np.arange(20 * 32, dtype=np.int32).reshape(20, 32)
    engine.start(1)
    engine.train_epoch(order)
    state, weights, figures = engine.state(), engine.weights(), engine.evaluate("test", order[0])
    rates, objective = engine.train_epoch(order)
    engine.start(2)
    engine.resume(state)
    engine.scale_rates(0.5)
    halved, other = engine.train_epoch(order)
    assert np.isfinite(objective) and (rates / 2 == halved).all() and objective != other
    engine.resume(state)
    engine.scale_rates(1.0)
    assert engine.train_epoch(order)[1] == objective
    engine.set_weights(weights)
    assert engine.evaluate("test", order[0]) == figures


@pytest.mark.parametrize("name", ["nowhere:Engine", "numpy_engine:Nothing", "numpy_engine"])
def test_an_engine_that_is_not_there_is_named_in_one_line(name):
    with pytest.raises(StudyError, match=rf"^{name}: expected an engine, module:Class"):
        engine_named(name)


@pytest.mark.parametrize(("name", "meant"), [("jaks", " Did you mean jax?"), ("nowhere:Engine", "")])
def test_an_engine_that_is_not_there_is_told_the_built_in_ones(name, meant):
    assert (*ENGINES,) == BUILT_IN
    with pytest.raises(StudyError, match=r"write BUTFOR_ENGINE=tensorflow or jax, or leave it out") as refused:
        engine_named(name)
    assert str(refused.value).endswith(f"for TensorFlow.{meant}")


def test_numpy_refuses_what_it_would_ignore(digits_data):
    with pytest.raises(StudyError, match="max_norm: expected 0"):
        ArmRuns(NumpyEngine, {"arm": "a", "recipe": resolved(max_norm=1.0), "validation": 0.1}, digits_data, "CPU")


@pytest.mark.parametrize("script", ["train", "search", "tune", "build"])
def test_what_trains_depends_on_no_engine_but_the_one_that_is_named(script, tmp_path):
    dependencies = CodeDependencies(tmp_path / "code.json")
    entry = ROOT / "scripts" / f"{script}.py"
    closure = dependencies.closure(entry, NUMPY)
    of_metrics = {
        "__init__",
        "import_notices",
        "keras_import",
        "keras_scores",
    }  # which a search by one of Keras's needs
    assert "training" in {path.parent.name for path in closure}
    assert {path.stem for path in closure if path.parent.name == "engine"} <= (
        of_metrics if script == "search" else set()
    )
    assert "engine" in {path.parent.name for path in dependencies.closure(entry, KERAS)}
