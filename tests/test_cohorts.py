"""What the engine on JAX would train together, and what it refuses: told without JAX, while a study is planned."""

import importlib.util
import os
import subprocess
import sys

import pytest
import yaml

from butfor.errors import SeveralErrors, StudyError, StudyFileError
from butfor.recipe.cohorts import cohorts
from butfor.recipe.given_numbers import NOT_OF_A_STEP, numbers_of, rest_of, switches_of
from butfor.recipe.jax_limits import UnsupportedError, refuse_data, refuse_recipe
from butfor.workflow import parameters
from butfor.workflow.engine_limits import refuse_untrainable
from conftest import ROOT, resolved

BASE = {"dropout": 0.2, "l2": 1e-5, "optimiser": "adam"}
TOGETHER = [
    {"dropout": 0.0}, {"dropout": [0.1, 0.4]}, {"l2": 0.0, "l1": 1e-4}, {"activity_l1": 0.1}, {"label_smoothing": 0.2},
    {"noise": 0.1}, {"max_norm": 2.0}, {"input_dropout": 0.1}, {"optimiser": {"name": "adam", "beta_2": 0.99}},
    {"initialiser": "zeros"}, {"bias_initialiser": "normal"}, {"layer_initialisers": {"logits": "zeros"}},
    {"learning_rate": 0.1}, {"schedule": "cosine"}, {"warmup": 1}, {"epochs": 3},
    {"early_stopping": {"name": "patience", "patience": 1}},
]  # fmt: skip
APART = [
    {"model": {"name": "mlp", "widths": [8]}}, {"model": {"name": "mlp", "activation": "tanh"}}, {"batch_size": 64},
    {"optimiser": "lion"}, {"optimiser": {"name": "adam", "amsgrad": True}}, {"normalisation": "batch"}, {"shift": 1},
    {"flip": True}, {"accumulation": 2}, {"loss": {"name": "focal"}}, {"ema": {"name": "weights"}}, {"train_size": 100},
    {"clipping": {"name": "norm", "limit": 1.0}}, {"weight_decay": {"name": "coupled", "rate": 0.1}},
    {"input_scaling": "none"}, {"deterministic": True}, {"matmul_precision": "float32"},
    {"class_weight": "balanced"}, {"sample_weight": "given"},
]  # fmt: skip
UNKNOWN = [
    {"model": {"name": "mine.py:model"}}, {"rotation": 5.0}, {"zoom": 0.1}, {"mixup": 0.2}, {"cutmix": 1.0},
    {"precision": "mixed_bfloat16"}, {"loop": "graph"}, {"loss": {"name": "dice"}},
]  # fmt: skip


@pytest.mark.parametrize("other", TOGETHER, ids=str)
def test_recipes_that_differ_in_numbers_beginnings_and_ends_share_a_program(other):
    (cohort,) = cohorts([(resolved(**BASE), 0), (resolved(**{**BASE, **other}), 1)])
    assert cohort.runs == (0, 1)
    assert cohort.switches >= {"dropout_1", "dropout_2", "l2"} | switches_of(resolved(**{**BASE, **other}))


@pytest.mark.parametrize("other", APART, ids=str)
def test_recipes_whose_steps_are_others_do_not(other):
    assert [c.runs for c in cohorts([(resolved(**BASE), 0), (resolved(**{**BASE, **other}), 0)])] == [(0,), (1,)]


def test_every_key_of_a_recipe_is_a_number_or_part_of_a_step_or_of_neither():
    recipe = resolved()
    left = set(yaml.safe_load(rest_of(recipe)))
    assert left | {*NOT_OF_A_STEP, *numbers_of(recipe), "dropout"} >= set(recipe)
    assert not left & {*NOT_OF_A_STEP}


def test_the_example_study_is_one_cohort(planned):
    text = (ROOT / "config" / "config.yaml").read_text()
    _, plan = planned(text)
    runs = [(arm.recipe, seed) for arm in plan.arms.values() for seed in range(30)]
    (cohort,) = cohorts(runs)
    assert len(cohort.runs) == 630 and cohort.switches == {"dropout_1", "dropout_2", "l1", "l2"}
    assert sorted(len(c.runs) for c in cohorts(runs, apart=True)) == [30, 30, 30, 30, 510]


@pytest.mark.parametrize("recipe", UNKNOWN, ids=str)
def test_what_the_engine_has_no_code_for_is_named(recipe):
    (key,) = recipe
    written = {**resolved(), **recipe}
    with pytest.raises(UnsupportedError, match=f"^{key}: expected .*, received .*Leave ENGINE"):
        refuse_recipe(written)


def test_so_are_data():
    for task, inputs, streamed, categories in [
        ("segmentation", None, False, False),
        ("own", None, False, False),
        ("binary", {"a": 1}, False, False),
        ("binary", None, True, False),
        ("binary", None, False, True),
    ]:
        with pytest.raises(UnsupportedError, match="expected"):
            refuse_data(resolved(), task, inputs, streamed, categories)
    with pytest.raises(UnsupportedError, match="loss: expected one of auto, mean_squared"):
        refuse_data(resolved(loss={"name": "focal"}), "regression", None, False, False)
    refuse_data(resolved(), "multilabel", None, False, False)


@pytest.fixture
def asked_for_jax(monkeypatch):
    """The engine jax asked for, and found whether it is installed or not."""
    monkeypatch.setenv("BUTFOR_ENGINE", "jax")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: "found" if name == "jax" else find(name))


def test_a_plan_is_refused_once_for_each_thing_that_jax_cannot_train(planned, asked_for_jax):
    text = "{seeds: 2, data: {name: digits}, recipe: {loop: graph}, ablations: {a: {set: {mixup: 0.2}}, b: {set: {zoom: 0.1}}}}"
    study, plan = planned(text)
    with pytest.raises(StudyError, match=r"^baseline: loop: expected auto or xla, received graph"):
        refuse_untrainable(plan, study["data_sets"])
    study, plan = planned(text.replace("graph", "auto"))
    with pytest.raises(SeveralErrors) as told:
        refuse_untrainable(plan, study["data_sets"])
    assert [str(error).split(":")[:2] for error in told.value.errors] == [["a", " mixup"], ["b", " zoom"]]


def test_jax_that_is_not_installed_is_named_before_anything_trains(planned, monkeypatch):
    study, plan = planned("{seeds: 2, data: {name: digits}, ablations: {a: {set: {l2: 0.1}}}}")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    refuse_untrainable(plan, study["data_sets"])
    monkeypatch.setenv("BUTFOR_ENGINE", "jax")
    with pytest.raises(StudyError, match=r"engine jax: expected the package jax.*make ENGINE=jax setup"):
        refuse_untrainable(plan, study["data_sets"])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            {"embedded": "all"},
            r"data\.embedded: expected none .*, received all: the engine jax has no code for it\. Leave",
        ),
        (
            {"inputs": {"ward": ["a"], "rest": ["b"]}},
            r"data\.inputs: expected one input, received ward, rest: the engine",
        ),
    ],
)
def test_data_that_jax_cannot_train_on_are_refused_with_the_study(planned, asked_for_jax, asked, words, monkeypatch):
    study, plan = planned("{seeds: 2, data: {name: digits}, ablations: {a: {set: {l2: 0.1}}}}")
    (data,) = study["data_sets"].values()
    refuse_untrainable(plan, {"": data, "other": data})
    with pytest.raises(StudyFileError, match=f"^{words}") as alone:
        refuse_untrainable(plan, {"": {**data, **asked}})
    assert alone.value.at == ("data",)
    with pytest.raises(StudyFileError, match=f"^other: {words}") as named:
        refuse_untrainable(plan, {"one": data, "other": {**data, **asked}})
    assert named.value.at == ("data", "other")
    monkeypatch.delenv("BUTFOR_ENGINE")
    refuse_untrainable(plan, {"": {**data, **asked}})


def test_tensorflow_is_the_default_and_knows_nothing_of_jax(monkeypatch):
    monkeypatch.delenv("BUTFOR_ENGINE", raising=False)
    assert parameters.engine() == parameters.KERAS
    monkeypatch.setenv("BUTFOR_ENGINE", "jax")
    assert parameters.engine() == parameters.JAX
    monkeypatch.setenv("BUTFOR_ENGINE", "numpy_engine:NumpyEngine")
    assert parameters.engine() == "numpy_engine:NumpyEngine"


def test_cohorts_are_told_without_any_of_the_libraries():
    code = (
        "import sys, butfor.recipe.cohorts, butfor.workflow.engine_limits\n"
        "print(*{'jax', 'keras', 'tensorflow', 'numpy'} & set(sys.modules))"
    )
    path = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
