"""The evaluation at a run's end: test examples are predicted once, and what follows from that is what two passes give."""

from collections import Counter

import numpy as np
import pytest

from butfor.engine import inference
from butfor.engine.keras_engine import KerasEngine
from butfor.training import evaluation
from butfor.training.engine_choice import engine_named
from butfor.training.predictions import predicted
from conftest import KERAS, NUMPY, resolved
from keras_training import arm_runs
from test_tasks import MLP, dataset

DIGITS = {"model": {"name": "mlp", "widths": [16]}, "batch_size": 32, "epochs": 2, "loop": "graph"}
OWN = """
    import keras


    def build(recipe, shape, classes, parts):
        x = keras.layers.Flatten()(inputs := keras.Input(shape))
        return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax", **parts.kernel("logits"))(x))
"""
PARTS = ("test", "validation")
ENDINGS = ("evaluate test", "scores test", "figures_and_scores test")


def trained_engine(name, recipe, data):
    """An engine after some steps of a recipe."""
    scaled = data.scaled(recipe)
    engine = engine_named(name)(recipe, scaled, np.full(5, 0.01, np.float32))
    engine.start(1)
    engine.train_epoch(np.arange(5 * 20, dtype=np.int32).reshape(5, 20))
    return engine


def same_of_one_pass(engine, rows):
    figures, scores = engine.figures_and_scores("test", rows)
    assert figures == engine.evaluate("test", rows) and list(figures) == list(engine.evaluate("test", rows))
    assert scores.dtype == np.float32 and np.array_equal(scores, engine.scores("test", rows))


@pytest.mark.parametrize("task", ["classification", "binary", "multilabel", "regression"])
def test_one_pass_gives_the_figures_and_the_scores_of_two_to_the_bit(task, monkeypatch):
    monkeypatch.setattr(inference, "EVALUATION_BATCH", 64)  # the last of which is smaller
    engine = trained_engine(KERAS, resolved(**MLP), dataset(task))
    same_of_one_pass(engine, np.arange(200, dtype=np.int32))
    same_of_one_pass(engine, np.arange(0, 200, 3, dtype=np.int32))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (NUMPY, {}),
        (KERAS, {"loop": "xla", "dropout": 0.2, "ema": {"name": "weights", "momentum": 0.9}}),
        (KERAS, {"normalisation": "batch", "precision": "mixed_bfloat16"}),
        (KERAS, {"model": {"name": "cnn", "filters": [4], "width": 8}, "class_weight": "balanced"}),
    ],
)
def test_so_it_does_with_every_part_of_a_recipe(name, changes, digits_data):
    engine = trained_engine(name, resolved(**{**DIGITS, **changes}), digits_data)
    same_of_one_pass(engine, np.arange(len(digits_data.y_test), dtype=np.int32))


def test_so_it_does_with_a_model_of_the_users_own(digits_data, tmp_path, monkeypatch):
    (tmp_path / "ending.py").write_text("\n".join(line[4:] for line in OWN.splitlines()))
    (tmp_path / "ending.yaml").write_text("uses: [initialiser, layer_initialisers, bias_initialiser]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    engine = trained_engine(KERAS, resolved(**{**DIGITS, "model": {"name": "ending:build"}}), digits_data)
    same_of_one_pass(engine, np.arange(len(digits_data.y_test), dtype=np.int32))


@pytest.fixture
def calls(monkeypatch):
    """How often an engine's methods are called, by name and part of the data."""
    counted = Counter()

    def counting(method, name):
        def called(self, part, rows):
            counted[f"{name} {part}"] += 1
            return method(self, part, rows)

        return called

    for name in ("evaluate", "scores", "figures_and_scores"):
        monkeypatch.setattr(KerasEngine, name, counting(getattr(KerasEngine, name), name))
    return counted


def test_a_run_predicts_its_test_examples_once_and_what_is_kept_are_these_predictions(digits_data, calls):
    arm = arm_runs(resolved(**DIGITS), digits_data)
    for seed in (0, 1):
        arm.train(seed)
        kept = arm.predict(seed, PARTS)
        assert [calls.pop(name, 0) for name in ENDINGS] == [0, 0, 1]
        anew = predicted(arm.engine, arm._dataset, {"validation": arm._split(seed)[1]}, PARTS)
        assert all(np.array_equal(kept[part], anew[part]) for part in PARTS) and calls.pop("scores test") == 1


def test_what_is_known_of_a_run_is_not_taken_for_the_next(digits_data, calls):
    arm = arm_runs(resolved(**DIGITS), digits_data)
    arm.train(0)
    arm.validate(1)
    kept = arm.predict(1, ["test"])["test"]
    assert np.array_equal(kept, predicted(arm.engine, arm._dataset, {}, ["test"])["test"])


def test_scores_of_many_test_examples_are_not_held_at_once(digits_data, calls, monkeypatch):
    monkeypatch.setattr(evaluation, "MOST_EXAMPLES", 100)
    arm = arm_runs(resolved(**DIGITS), digits_data)
    run = arm.train(0)
    assert [calls[name] for name in ENDINGS] == [1, 1, 0] and arm._tested is None
    assert run.right.startswith("100:") and run.status == "ok"
    assert run.metrics["test/accuracy"] == arm.engine.evaluate("test", np.arange(len(digits_data.y_test)))["accuracy"]
