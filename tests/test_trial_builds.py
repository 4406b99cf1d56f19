"""What arms have of the user's own is built by a plan, so that an arm that a start would not train is told before it."""

import json
import textwrap
from types import SimpleNamespace

import pytest

from butfor.outlook import trial_builds
from butfor.outlook.build_text import MOST, build_lines
from butfor.outlook.trial_builds import TrialBuilds, build_in_turn, built_in, in_order, take_back
from butfor.process.failure_note import NO_MESSAGE
from butfor.user_code.location import OwnCodeError
from conftest import KERAS, SMALL

MODEL = """
import keras

def build(recipe, shape, classes, parts):
    inputs = keras.Input(shape)
    width = recipe["model"]["width"]
    x = parts.dense(keras.layers.Flatten()(inputs), width, "hidden_1", "relu")
    if width == 5:
        raise ValueError("five units are not supported")
    return keras.Model(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(x))
"""
DECLARED = """
description: Small.
uses: [initialiser, layer_initialisers, bias_initialiser, normalisation, l1, l2, activity_l1, activity_l2, max_norm]
layers: [hidden_1, logits]
properties: {width: {type: integer, default: 8, description: Units.}}
"""


def recipe(model="mine:build", loss="auto", **more):
    return {"model": {"name": model}, "loss": {"name": loss}, "learning_rate": 0.1, **more}


class Engine:
    """An engine that builds what is not called broken."""

    built = ()

    @classmethod
    def build_user_model(cls, recipe, dataset, arm):
        cls.built.append(arm)
        if "broken" in recipe["model"]["name"]:
            raise OwnCodeError(f"{arm}: it has\nno layers.")

    def __init__(self, recipe, dataset, rates):
        self.probe, self.loss = self, recipe["loss"]

    def start(self, seed):
        pass

    def first_loss(self, x, y):
        if self.loss["name"] == "keras":
            raise ValueError(f"no loss of {len(x)} examples")


@pytest.fixture
def built(tmp_path, monkeypatch):
    monkeypatch.setattr(Engine, "built", [])
    data = SimpleNamespace(scaled=lambda recipe: SimpleNamespace(x_train=list(range(100)), y_train=list(range(100))))
    monkeypatch.setattr(trial_builds, "taken", lambda x, rows: x[rows])

    def of(recipes, first=()):
        build_in_turn(Engine, recipes, list(first), data, tmp_path / "builds.json")
        return built_in(tmp_path / "builds.json", recipes)

    return of


def test_models_and_losses_unlike_those_before_are_built_first():
    wide, own = recipe("mine:wide"), recipe(loss="mine:loss")
    arms = {"slow": recipe(learning_rate=1.0), "wide": wide, "wide_slow": {**wide, "learning_rate": 1.0}, "own": own}
    assert in_order(arms, [recipe()]) == (["wide", "own"], ["slow", "wide_slow"])
    assert in_order(arms, []) == (["slow", "wide", "own"], ["wide_slow"])


def test_each_arm_that_cannot_be_built_has_its_reason_and_the_others_are_built(built):
    arms = {"bad": recipe("mine:broken"), "good": recipe(), "lossy": recipe("mlp", "keras"), "usual": recipe("mlp")}
    found = built(arms)
    assert found.refused == {"bad": "bad: it has no layers.", "lossy": "ValueError: no loss of 64 examples"}
    assert found.untried == [] and Engine.built == ["bad", "good"]


def test_a_plan_goes_on_once_time_is_up_and_names_what_it_left_out(built, monkeypatch):
    monkeypatch.setattr(trial_builds, "ALL", -1.0)
    arms = {"slow": recipe(learning_rate=1.0), "wide": recipe("mine:wide")}
    found = built(arms, [recipe()])
    assert Engine.built == ["wide"] and found == TrialBuilds({}, ["slow"])


def test_an_arm_that_ends_the_process_is_named(built, monkeypatch, tmp_path):
    def ends(recipe, dataset, arm):
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "build_user_model", ends)
    arms = {"bad": recipe(), "next": recipe("mine:next")}
    with pytest.raises(KeyboardInterrupt):
        built(arms)
    found = built_in(tmp_path / "builds.json", arms)
    assert "building bad, its process ended" in found.refused["bad"] and found.untried == ["next"]


def test_without_a_file_nothing_was_tried(tmp_path):
    assert built_in(tmp_path / "none.json", {"a": {}}) == TrialBuilds({}, ["a"])


def test_arms_with_one_reason_are_told_together():
    lines = build_lines({"a": "a: my:build: no.", "b": "b: my:build: no.", "c": "c: other."}, ["d"])
    assert lines[0] == "A start will not train a and b: a: my:build: no."
    assert lines[1] == "A start will not train c: c: other." and lines[2].startswith(
        "The model of 1 more arm was not built"
    )
    many = build_lines({f"arm{n}": "no." for n in range(MOST + 3)}, [])
    assert len(many) == 1 and "arm7 and 3 more: no." in many[0] and build_lines({}, []) == []


def test_a_plan_names_the_arm_whose_model_cannot_be_built(workflow_copy):
    copy = workflow_copy("broken", KERAS)
    (copy.folder / "mine.py").write_text(textwrap.dedent(MODEL))
    (copy.folder / "mine.yaml").write_text(DECLARED)
    copy.write(
        {
            "study": "small",
            "seeds": 2,
            "data": "digits",
            "recipe": {**SMALL, "dropout": 0.0, "model": "mine:build"},
            "ablations": {
                "five": {"set": {"model.width": 5}},
                "six": {"set": {"model.width": 6}},
                "slow": {"set": {"learning_rate": 0.0001}},
                "plain": {"set": {"model": {"name": "mlp", "widths": [4]}, "loss": {"name": "keras", "of": "Tversky"}}},
                "wrong": {
                    "set": {
                        "model": {"name": "mlp", "widths": [4]},
                        "loss": {"name": "keras", "of": "Tversky", "settings": {"alphas": 1}},
                    }
                },
            },
            "tracking": {"mlflow": False},
        }
    )
    done = copy.run("plan")
    assert done.returncode == 0, done.stdout + done.stderr
    plan = json.loads((copy.folder / "results" / "small" / "plan.json").read_text())
    assert set(plan["unbuildable"]) == {"five", "wrong"} and set(plan["not_built"]) <= {"slow"}
    assert (
        "A start will not train five: mine:build: building it for five, it raised ValueError: five units" in done.stdout
    )
    assert "does not take {'alphas': 1}" in plan["unbuildable"]["wrong"]
    assert {path.name for path in (copy.folder / "results" / "small").iterdir()} == {"plan.json", "logs"}


def test_a_build_that_was_stopped_for_want_of_time_was_not_tried(tmp_path):
    lost = f"mine:build: building slow, {NO_MESSAGE}."
    path = tmp_path / "builds.json"
    path.write_text(json.dumps({"refused": {"wrong": "mine:build: no.", "slow": lost}, "untried": ["last"]}))
    take_back(path)
    assert built_in(path, {}) == TrialBuilds({"wrong": "mine:build: no."}, ["slow", "last"])
