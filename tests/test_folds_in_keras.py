"""Folds of one arm share what Keras has compiled, and train to the same bits as by an engine each."""

import dataclasses

import numpy as np
import pytest

from butfor.engine import loops
from butfor.engine.data_parts import HeldPart
from butfor.engine.keras_engine import KerasEngine
from butfor.training.arm_runs import ArmRuns
from conftest import resolved
from fold_runs import AGAIN, BASE, SEEDS, UNEVEN, data_of, trained


@pytest.mark.cases
@pytest.mark.parametrize(
    ("task", "keys", "engines"),
    [
        ("classification", {"schedule": "cosine", "l2": 1e-4}, 1),
        ("classification", {"loop": "graph", "normalisation": "batch"}, 1),
        ("classification", {"loop": "fit"}, 1),
        pytest.param("classification", {"mixup": 0.2, "input_scaling": "standard"}, 1, marks=pytest.mark.long),
        pytest.param("classification", {"class_weight": "balanced", "label_smoothing": 0.1}, 6, marks=pytest.mark.long),
        ("regression", {"loop": "graph", "target_scaling": "none"}, 1),
        # whose targets are scaled by constants of the compiled calls, see the next test
        pytest.param("regression", {"loop": "graph"}, 6, marks=pytest.mark.long),
    ],
)
def test_folds_by_one_engine_are_those_of_an_engine_each_to_the_bit(task, keys, engines):
    data, recipe = data_of(task), resolved(**{**BASE, **keys})
    together, made = trained(KerasEngine, data, recipe, SEEDS, shares=True)
    apart, _ = trained(KerasEngine, data, recipe, AGAIN, shares=False)
    assert made == engines
    for seed, (other, its) in apart.items():
        one, predicted = together[seed]
        np.testing.assert_equal(dataclasses.asdict(one), dataclasses.asdict(other))
        assert np.array_equal(predicted, its)


def test_an_epoch_of_one_step_is_given_no_room_for_more_since_xla_makes_another_program_of_it():
    part, rows = HeldPart(np.zeros((9, 2), np.float32), np.zeros(9, np.int32), room=12), np.arange(8, dtype=np.int32)
    (one,), (two,) = (part.batches(rows.reshape(steps, -1)[:, :4], steps) for steps in (1, 2))
    assert one.rows.shape == (1, 4) and two.rows.shape == (3, 4)
    assert int(one.steps) == 1 and int(two.steps) == 2


def test_an_engine_that_cannot_take_a_fold_stays_on_its_own():
    data = data_of()
    runs = ArmRuns(KerasEngine, {"arm": "a", "recipe": resolved(**BASE), "validation": 0.1}, data.of_seed(0), "cpu")
    weighted = dataclasses.replace(data.of_seed(1), w_train=np.arange(82, dtype=np.float32))
    assert not runs.takes(dataclasses.replace(data.of_seed(1), y_train=data.y_train[:40], x_train=data.x_train[:40]))
    weighing = ArmRuns(
        KerasEngine, {"arm": "a", "recipe": resolved(**BASE, sample_weight="given"), "validation": 0.1}, weighted, "cpu"
    )
    assert not weighing.takes(dataclasses.replace(weighted, w_train=weighted.w_train[::-1].copy()))
    assert weighing.takes(weighted) and runs.takes(data.of_seed(2))
    scaled = data_of("regression")
    task = {"arm": "a", "recipe": resolved(**BASE), "validation": 0.1}
    assert not ArmRuns(KerasEngine, task, scaled.of_seed(0), "cpu").takes(scaled.of_seed(1))


OWN = """import keras


def build(recipe, shape, classes, parts):
    inputs = keras.Input(shape)
    hidden = keras.layers.Dense(8, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Dense(classes)(hidden))
"""


@pytest.mark.cases
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"schedule": "cosine", "l2": 1e-4}, marks=pytest.mark.long),
        {"loop": "graph", "normalisation": "batch"},
        {"model": "net_of_folds:build", "schedule": "cosine", "dropout": 0.0},
    ],
)
def test_folds_of_other_numbers_of_steps_share_one_program_too(keys, tmp_path, monkeypatch):
    (tmp_path / "net_of_folds.py").write_text(OWN)
    (tmp_path / "net_of_folds.yaml").write_text("uses: []")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    data, recipe = data_of(largest=40), resolved(**{**BASE, **keys})
    sizes = {len(data.of_seed(seed).x_train) for seed in SEEDS}
    assert len({round(0.9 * size) // BASE["batch_size"] for size in sizes}) > 1
    traced, read = [], loops.step_loss
    monkeypatch.setattr(loops, "step_loss", lambda returned: (traced.append(1), read(returned))[1])
    together, made = trained(KerasEngine, data, recipe, SEEDS, shares=True)
    programs = len(traced)
    trained(KerasEngine, data, recipe, SEEDS[:1], shares=True)
    assert made == 1 and len(traced) == 2 * programs, "all folds take as many as one of them"
    apart, _ = trained(KerasEngine, data, recipe, UNEVEN, shares=False)
    for seed, (other, its) in apart.items():
        one, predicted = together[seed]
        np.testing.assert_equal(dataclasses.asdict(one), dataclasses.asdict(other))
        assert np.array_equal(predicted, its)
