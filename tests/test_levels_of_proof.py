"""Levels of proof: what models of the user's own, two machines and broken checks make of proven, unverified and void."""

import dataclasses
import math

import keras
import numpy as np
import pytest
import yaml

from butfor.checks import manipulation
from butfor.checks.footprints.regularisers import kernel_penalty_fault
from butfor.checks.manipulation import examine
from butfor.engine.keras_optimisers import described
from butfor.engine.variable_names import named
from butfor.report.check_section import check_section
from butfor.report.provenance_section import provenance_section
from butfor.report.refused_section import refused_section
from conftest import resolved
from keras_training import arm_runs

BASE = {"epochs": 2, "batch_size": 50, "loop": "graph"}
BLOCKS = """
    import keras


    class Noise(keras.layers.Layer):
        def __init__(self, seed, spread):
            super().__init__(name="noise")
            self.generator, self.spread = keras.random.SeedGenerator(seed), spread

        def call(self, x, training=False):
            noise = keras.random.normal(keras.ops.shape(x), seed=self.generator)
            return x + self.spread * noise if training else x


    class Stepping(keras.Model):
        def train_step(self, data):
            return super().train_step(data)


    def build(recipe, shape, classes, parts):
        inputs, settings = keras.Input(shape), recipe["model"]
        x = keras.layers.Reshape((64,), name="flat")(inputs)
        if settings["spread"]:
            x = Noise(parts.key("noise"), settings["spread"])(x)
        within = keras.Input((64,))
        leak = "leak" if settings["leaks"] and recipe["l2"] else "hidden_1"
        kernel = {**parts.kernel("hidden_1"), "kernel_initializer": keras.initializers.HeNormal(parts.key(leak))}
        hidden = keras.layers.Dense(12, activation="relu", **kernel)(within)
        x = keras.Model(within, parts.dropout(hidden), name="block")(x)
        kind = Stepping if settings["steps"] else keras.Model
        return kind(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(x))
"""
DECLARED = {
    "uses": ["initialiser", "layer_initialisers", "bias_initialiser", "l1", "l2", "max_norm", "dropout"],
    "properties": {
        "spread": {"type": "number", "default": 0.0},
        "leaks": {"type": "boolean", "default": False},
        "steps": {"type": "boolean", "default": False},
    },
}


@pytest.fixture
def own(tmp_path, monkeypatch, digits_data):
    """Trains two recipes with a model of the user's own, of nested blocks, and gives the check of the second by the first."""
    import textwrap

    monkeypatch.chdir(tmp_path)
    name = f"blocks_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(BLOCKS))
    (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(DECLARED))

    def compared(settings, changed, **changes):
        model = {"name": f"{name}:build", "spread": 0.0, "leaks": False, "steps": False, **settings}
        first = {**BASE, "model": model, "dropout": 0.3}
        return judged(digits_data, changed, first, {**first, **changes, "model": {**model, **changes.get("model", {})}})

    return compared


def judged(data, changed, first, second):
    """The records of both recipes at seeds 0 and 1, and the row of the second's check."""
    recipes = {"baseline": resolved(**first), "arm": resolved(**second)}
    arms = [
        {"name": name, "reference": "baseline" if name == "arm" else None, "changed": changed, "recipe": recipe}
        for name, recipe in recipes.items()
    ]
    records = []
    for name, recipe in recipes.items():
        runs = arm_runs(recipe, data, name)
        records += [runs.train(seed) for seed in (0, 1)]
    return {"arms": arms}, records, examine({"arms": arms}, records)[1]


def test_dropout_inside_a_block_is_checked_like_any_other(own):
    _, records, row = own({}, ["dropout"], dropout=0.0)
    assert (row["outcome"], row["problems"], row["reasons"]) == ("proven", [], [])
    assert "block/hidden_1/kernel" in " ".join(records[0].draws["others"]) or "hidden_1" in str(records[0].draws)


def test_weights_inside_a_block_that_another_key_moves_are_a_leak(own):
    _, _, row = own({"leaks": True}, ["l2"], l2=1e-4)
    assert row["outcome"] == "unproven"
    assert any("hidden_1" in problem and "moved, which l2 must not move" in problem for problem in row["problems"])


def test_a_setting_that_acts_only_in_training_is_proven_by_the_step_that_it_moved(own):
    _, records, row = own({"spread": 0.1}, ["model.spread"], model={"spread": 0.5})
    assert (row["outcome"], row["problems"], row["reasons"]) == ("proven", [], [])
    assert math.isclose(records[0].trial["objective"], records[0].trial["expected"], rel_tol=1e-5)


def test_a_step_of_the_users_own_is_not_worked_out_apart(own):
    _, records, row = own({"steps": True}, ["l2"], l2=1e-3)
    assert (row["outcome"], row["problems"]) == ("proven", [])
    assert "train_step" in records[0].trial["unknown"]


@pytest.fixture(scope="module")
def clipped(digits_data):
    """An arm whose limit on gradients is never reached, beside its reference: plan, records."""
    first = {**BASE, "model": {"name": "mlp", "widths": [12]}, "l2": 1e-4}
    plan, records, row = judged(
        digits_data, ["clipping"], first, {**first, "clipping": {"name": "value", "limit": 1e6}}
    )
    assert row["outcome"] == "void"
    return plan, records


def nudged(record, share, **machine):
    """A record whose losses are off by a share of themselves, from another machine."""

    def off(row):
        return {k: v * (1 + share) if k.endswith(("loss", "objective")) else v for k, v in row.items()}

    history, metrics = [off(row) for row in record.history], off(record.metrics)
    return dataclasses.replace(record, history=history, metrics=metrics, machine={**record.machine, **machine})


@pytest.mark.parametrize(
    ("share", "machine", "outcome"),
    [
        (1e-6, {"device": "CPU, 2 threads"}, "void"),
        (1e-6, {"onednn": "0"}, "void"),
        (1e-6, {"host": "another"}, "proven"),  # no reason to round otherwise
        (0.05, {"device": "CPU, 2 threads"}, "proven"),
    ],
)
def test_what_two_machines_may_round_otherwise_is_no_effect(clipped, share, machine, outcome):
    plan, records = clipped
    arm = [nudged(record, share, **machine) for record in records[2:]]
    row = examine(plan, [*records[:2], *arm])[1]
    assert (row["outcome"], row["problems"]) == (outcome, [])
    said = "in 2 of 2 pairs compared across two numerics: "
    assert row["note"].startswith(said) == ("host" not in machine)
    assert (row["note"] in check_section([row])) and (not row["note"] or " → " in row["note"])


def test_arms_that_were_trained_by_two_loops_without_being_asked_to_are_named(clipped):
    plan, records = clipped
    auto = [dataclasses.replace(r, recipe={**r.recipe, "loop": "auto"}) for r in records]
    mixed = [*auto[:2], *(dataclasses.replace(record, loop="xla") for record in auto[2:])]
    note = examine(plan, mixed)[1]["note"]
    assert note.startswith("in 2 of 2 pairs compared across two numerics: loop graph → xla (`loop: graph`")
    assert examine(plan, auto)[1]["note"] == ""
    section = provenance_section(plan, mixed, "here")
    assert "Loop: graph (`baseline`); xla (`arm`)" in section


def test_an_arm_of_which_nothing_but_the_figures_shows_an_effect_is_unverified(clipped):
    plan, records = clipped
    recipe = resolved(**{**BASE, "model": {"name": "mlp", "widths": [12]}, "l2": 1e-4, "max_norm": 1e6})
    arm = [nudged(dataclasses.replace(r, recipe=recipe, arm="arm"), 0.05) for r in records[:2]]
    arms = [plan["arms"][0], {**plan["arms"][1], "changed": ["max_norm"], "recipe": recipe}]
    row = examine({"arms": arms}, [*records[:2], *arm])[1]
    assert (row["outcome"], row["problems"]) == ("unverified", [])
    assert row["reasons"][0].startswith("max_norm: the largest norm into a unit at the end did not move")
    assert refused_section([row]).startswith("> **Unverified.**") and "unverified" in check_section([row])


def test_a_check_that_fails_is_said_and_the_others_are_made(clipped, monkeypatch):
    plan, records = clipped
    broken = dataclasses.replace(manipulation.FOOTPRINTS["dropout"], fault=lambda record: record.chance["gone"])
    monkeypatch.setattr(manipulation, "FOOTPRINTS", {**manipulation.FOOTPRINTS, "dropout": broken})
    rows = examine(plan, records)
    assert [row["outcome"] for row in rows] == ["unverified", "void"]
    assert rows[0]["reasons"] == ["dropout: could not be checked, KeyError: 'gone'"]


@pytest.mark.parametrize("part", ["trace", "fault"])
def test_a_proof_that_cannot_be_shown_is_none(clipped, monkeypatch, part):
    plan, records = clipped
    arm = [nudged(record, 0.05) for record in records[2:]]
    assert examine(plan, [*records[:2], *arm])[1]["outcome"] == "proven"
    broken = dataclasses.replace(manipulation.FOOTPRINTS["clipping"], **{part: lambda record: record.chance["gone"]})
    monkeypatch.setattr(manipulation, "FOOTPRINTS", {**manipulation.FOOTPRINTS, "clipping": broken})
    row = examine(plan, [*records[:2], *arm])[1]
    assert row["outcome"] == "unverified" and "could not be checked" in row["reasons"][0]
    assert ("what it moved could not be said" in check_section([row])) == (part == "trace")


@pytest.mark.parametrize("shape", [[], [None], [None, 3], [4, None]])
def test_every_footprint_can_be_read_whatever_keras_knows_of_the_shapes_of_layers(clipped, shape):
    record = clipped[1][0]
    recipe = {**record.recipe, "model": {"name": "mine:build"}}
    layers = {"start": record.layers["start"], "end": []}
    own = dataclasses.replace(
        record, recipe=recipe, structure=[{**row, "shape": shape} for row in record.structure], layers=layers
    )
    for key, footprint in manipulation.FOOTPRINTS.items():
        assert isinstance(footprint.trace(own), str) and not footprint.fault(own), key


def test_a_penalty_beyond_float32_is_infinite(clipped):
    record = clipped[1][0]
    rows = [{**row, "weights": {**row["weights"], "rms": 1e20}} for row in record.layers["start"]]
    exploding = dataclasses.replace(record, layers={**record.layers, "start": rows})
    penalty = {"start": {"kernels": math.inf, "activations": 0.0}}
    assert kernel_penalty_fault(exploding)
    assert not kernel_penalty_fault(dataclasses.replace(exploding, penalty=penalty))


def test_an_optimiser_that_scales_the_loss_is_described_by_the_one_inside():
    inside = keras.optimizers.Adam(beta_1=0.8)
    assert described(keras.optimizers.LossScaleOptimizer(inside)) == described(inside)
    assert described(inside)["class"] == "Adam"


def test_variables_are_named_alike_whatever_was_built_before():
    def model():
        inputs = keras.Input((4,))
        hidden = keras.layers.Dense(3)(keras.layers.Dense(4)(inputs))
        return keras.Model(inputs, keras.layers.Dense(2, name="logits_2")(hidden))

    first, second = model(), model()
    assert [*named(first)] == [*named(second)] and "logits_2/kernel" in named(first)
    assert [*named(first)][:3] == ["dense/kernel", "dense/bias", "dense/kernel#2"]
    assert all(np.array_equal(v.numpy(), named(first)[name].numpy()) for name, v in named(first).items())
