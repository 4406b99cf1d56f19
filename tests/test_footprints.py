"""Every recipe key, changed in a small training: its footprint proves the change, and contradicts a record without it."""

import copy
import dataclasses
import functools
import json
import re
from collections import Counter
from dataclasses import replace

import pytest

from butfor.checks.footprints.steps import rate_fault
from butfor.checks.footprints.table import FOOTPRINTS
from butfor.checks.manipulation import examine
from butfor.recipe import schedules
from butfor.study.schema import load_schema
from conftest import SCHEMA, resolved
from keras_training import arm_runs
from test_record import EXAMPLE

MLP = {
    "model": {"name": "mlp", "widths": [32, 16]},
    "batch_size": 50,
    "epochs": 2,
    "loop": "graph",
    "learning_rate": 0.01,
}
DEEP = {**MLP, "model": {"name": "residual_mlp", "width": 16, "blocks": 2}}
CNN = {**MLP, "model": {"name": "cnn", "filters": [4, 8], "width": 16}}
RESIDUAL_CNN = {**MLP, "model": {"name": "residual_cnn", "filters": [4, 8]}}
BATCH = {**MLP, "normalisation": "batch"}
SGD = {**MLP, "optimiser": "sgd"}
PATIENT = {"name": "patience", "patience": 1, "monitor": "accuracy", "min_delta": 0.3}

# key: (the reference's recipe, what changes) - each key at least once, most off, on and otherwise.
CHANGES = [
    ("model", MLP, {"model": {"name": "mlp", "widths": [32, 16], "activation": "sigmoid"}}),
    ("model", MLP, {"model": {"name": "mlp", "widths": 24, "depth": 3}}),
    ("model", MLP, {"model": CNN["model"]}),
    ("model", MLP, {"model": DEEP["model"]}),
    ("model", CNN, {"model": RESIDUAL_CNN["model"]}),
    *(
        ("model", MLP, {"model": {"name": "mlp", "widths": [32, 16], "activation": name}})
        for name in ("tanh", "gelu", "selu", "elu", "leaky_relu", "linear")
    ),
    *(
        ("initialiser", MLP, {"initialiser": settings})
        for settings in (
            "zeros", "ones", "glorot_normal", "he_uniform", "lecun_normal", "orthogonal",
            {"name": "constant", "value": 0.02}, {"name": "normal", "stddev": 1.0},
            {"name": "normal", "stddev": 0.05}, {"name": "uniform", "limit": 0.1},
            {"name": "truncated_normal", "stddev": 0.1},
            {"name": "variance_scaling", "scale": 4.0}, {"name": "variance_scaling", "mode": "fan_out"},
            {"name": "variance_scaling", "distribution": "uniform", "mode": "fan_avg"},
            {"name": "variance_scaling", "distribution": "untruncated_normal"},
        )
    ),
    ("initialiser", CNN, {"initialiser": "glorot_uniform"}),
    ("input_scaling", MLP, {"input_scaling": "none"}),
    ("layer_initialisers", MLP, {"layer_initialisers": {"logits": "zeros"}}),
    ("layer_initialisers", MLP, {"layer_initialisers": {"hidden_2": {"name": "normal", "stddev": 1.0}}}),
    ("bias_initialiser", MLP, {"bias_initialiser": {"name": "constant", "value": 0.1}}),
    ("bias_initialiser", MLP, {"bias_initialiser": "normal"}),
    ("bias_initialiser", MLP, {"bias_initialiser": {"name": "uniform", "limit": 0.3}}),
    ("normalisation", MLP, {"normalisation": "batch"}),
    ("normalisation", CNN, {"normalisation": "layer"}),
    ("normalisation", BATCH, {"normalisation": {"name": "batch", "momentum": 0.9}}),
    ("optimiser", MLP, {"optimiser": {"name": "adam", "beta_1": 0.89}}),
    *(("optimiser", MLP, {"optimiser": name}) for name in ("sgd", "adagrad", "rmsprop", "adamw", "lion")),
    ("optimiser", SGD, {"optimiser": {"name": "sgd", "momentum": 0.9, "nesterov": True}}),
    ("optimiser", {**MLP, "optimiser": "rmsprop"}, {"optimiser": {"name": "rmsprop", "rho": 0.8}}),
    ("learning_rate", MLP, {"learning_rate": 0.02}),
    ("warmup", MLP, {"warmup": "0.5 epochs"}),
    ("warmup", {**MLP, "schedule": "cosine"}, {"warmup": "7 steps"}),
    *(
        ("schedule", MLP, {"schedule": settings})
        for settings in (
            {"name": "step", "every": 1}, {"name": "step", "every": "9 steps"},
            {"name": "piecewise", "boundaries": [1], "factors": [1.0, 0.1]}, "exponential", "inverse_time",
            "polynomial", "cosine", {"name": "cosine_restarts", "first_decay": 0.5}, "one_cycle",
        )
    ),
    ("schedule", {**MLP, "epochs": 4}, {"schedule": {"name": "reduce_on_plateau", "patience": 0, "min_delta": 5.0}}),
    ("weight_decay", MLP, {"weight_decay": "decoupled"}),
    ("weight_decay", MLP, {"weight_decay": {"name": "coupled", "rate": 0.01}}),
    ("clipping", MLP, {"clipping": {"name": "norm", "limit": 0.1}}),
    ("clipping", MLP, {"clipping": {"name": "value", "limit": 0.01}}),
    ("clipping", MLP, {"clipping": {"name": "global_norm", "limit": 0.1}}),
    ("l1", MLP, {"l1": 0.001}),
    ("l1", MLP, {"l1": 1e-6}),
    ("l2", MLP, {"l2": 0.01}),
    ("l2", {**CNN, "l2": 1e-4}, {"l2": 0.0}),
    ("activity_l1", MLP, {"activity_l1": 0.001}),
    ("activity_l1", CNN, {"activity_l1": 0.0001}),
    ("activity_l2", BATCH, {"activity_l2": 0.001}),
    ("activity_l2", {**DEEP, "l2": 1e-4}, {"activity_l2": 0.001}),
    ("l2", {**MLP, "initialiser": "zeros", "bias_initialiser": "normal"}, {"l2": 0.01}),
    ("max_norm", MLP, {"max_norm": 1.0}),
    ("max_norm", CNN, {"max_norm": 0.8}),
    ("dropout", {**MLP, "dropout": 0.2}, {"dropout": 0.0}),
    ("dropout", {**MLP, "dropout": 0.2, "input_dropout": 0.1}, {"dropout": [0.1, 0.5]}),
    ("dropout", CNN, {"dropout": 0.5}),
    ("dropout", {**MLP, "loop": "xla"}, {"dropout": 0.3}),
    ("input_dropout", {**MLP, "dropout": 0.2}, {"input_dropout": 0.3}),
    ("spatial_dropout", CNN, {"spatial_dropout": 0.3}),
    ("spatial_dropout", RESIDUAL_CNN, {"spatial_dropout": 0.3}),
    ("label_smoothing", MLP, {"label_smoothing": 0.1}),
    ("label_smoothing", {**MLP, "layer_initialisers": {"logits": "zeros"}}, {"label_smoothing": 0.1}),
    ("loss", MLP, {"loss": "focal"}),
    ("loss", {**MLP, "loss": {"name": "focal", "gamma": 1.0}}, {"loss": "mean_squared_error"}),
    ("loss", {**MLP, "label_smoothing": 0.1}, {"loss": "focal"}),
    ("class_weight", MLP, {"class_weight": "balanced"}),
    ("class_weight", MLP, {"class_weight": {"name": "given", "weights": [3.0] * 5 + [1.0] * 5}}),
    ("precision", {**MLP, "dropout": 0.2}, {"precision": "mixed_bfloat16"}),
    ("ema", MLP, {"ema": "weights"}),
    ("ema", {**MLP, "ema": "weights", "loop": "fit"}, {"ema": {"name": "weights", "momentum": 0.5}}),
    ("shift", MLP, {"shift": 2}),
    ("shift", MLP, {"shift": 5}),  # of 8 pixels
    ("shift", {**MLP, "loop": "xla"}, {"shift": 1}),
    ("flip", CNN, {"flip": True}),
    ("rotation", MLP, {"rotation": 20}),
    ("rotation", {**CNN, "rotation": 90.0}, {"rotation": 10.0}),
    ("zoom", MLP, {"zoom": 0.2}),
    ("noise", CNN, {"noise": 0.1}),
    ("noise", {**MLP, "noise": 0.1, "loop": "xla"}, {"noise": 0.2}),
    ("cutout", CNN, {"cutout": 3}),
    ("cutout", MLP, {"cutout": 7}),  # of 8 pixels
    ("mixup", MLP, {"mixup": 0.2}),
    ("mixup", {**MLP, "mixup": 1.0, "loop": "xla"}, {"mixup": 0.1}),
    ("cutmix", MLP, {"cutmix": 1.0}),
    ("cutmix", {**CNN, "mixup": 0.5, "class_weight": "balanced"}, {"cutmix": 1.0}),
    ("cutmix", {**MLP, "cutmix": 1.0, "label_smoothing": 0.1, "loop": "fit"}, {"cutmix": 0.2}),
    ("early_stopping", {**MLP, "epochs": 4}, {"early_stopping": PATIENT}),
    ("batch_size", MLP, {"batch_size": 100}),
    ("accumulation", MLP, {"accumulation": 4}),
    ("accumulation", {**BATCH, "l2": 0.01, "schedule": "cosine", "ema": "weights"}, {"accumulation": 3}),
    ("accumulation", {**SGD, "clipping": {"name": "norm", "limit": 0.1}, "max_norm": 1.0}, {"accumulation": 2}),
    ("epochs", MLP, {"epochs": 3}),
    ("train_size", MLP, {"train_size": 500}),
    ("loop", {**MLP, "dropout": 0.2}, {"loop": "xla"}),
]  # fmt: skip

LONG = {"shift-1", "noise-0.2"}  # in XLA's loop, as mixup is


def name_of(change):
    key, _, settings = change
    value = settings[key]
    return f"{key}-{value['name'] if isinstance(value, dict) and 'name' in value else value}"


def with_cases(changes):
    """The changes; each trains a model, so of each key the second is marked as a case where it is of another model or loop than
    the first ones, and as long where not, as later ones are."""
    seen, found = Counter(), []
    for change in changes:
        seen[change[0]] += 1
        alike = change[1]["model"] == MLP["model"] and change[1]["loop"] == MLP["loop"]
        marks = [pytest.mark.cases] * (seen[change[0]] > 1)
        marks += [pytest.mark.long] * (seen[change[0]] > 1 + (not alike) or name_of(change) in LONG)
        found.append(pytest.param(change, marks=marks, id=name_of(change)))
    return found


@pytest.fixture(scope="module")
def trained(digits_data):
    """A run of seed 3 of a recipe, trained once, in whatever words it is written."""

    @functools.cache
    def of(text):
        return arm_runs(json.loads(text), digits_data, validation=0.2).train(3)

    return lambda written: copy.deepcopy(of(json.dumps(resolved(**written))))


def study_of(key, reference, changed):
    arms = [
        {"name": "baseline", "reference": None, "changed": [], "recipe": reference},
        {"name": "arm", "reference": "baseline", "changed": [key], "recipe": changed},
    ]
    return {"arms": arms}


def examined(key, reference, arm):
    """The checks of a study of two runs."""
    a, b = dataclasses.replace(arm, arm="arm"), dataclasses.replace(reference, arm="baseline")
    return examine(study_of(key, b.recipe, a.recipe), [b, a])


def test_every_recipe_key_has_a_footprint_and_a_change_here():
    keys = set(load_schema(SCHEMA)["$defs"]["recipe"]["properties"])
    assert set(FOOTPRINTS) == keys
    assert {key for key, *_ in CHANGES} == keys - {
        "deterministic",
        "matmul_precision",
        "target_scaling",
        "sample_weight",
        "categories",
    }  # see test_levels_of_proof, test_tasks, test_steps_and_batches, test_embedded_columns


@pytest.mark.parametrize("change", with_cases(CHANGES))
def test_a_change_that_is_made_is_proven(trained, change):
    key, reference, settings = change
    baseline, arm = examined(key, trained(reference), trained({**reference, **settings}))
    assert (baseline["outcome"], baseline["problems"]) == ("proven", [])
    assert (arm["outcome"], arm["problems"]) == ("proven", [])
    assert (" → " in arm["line"] or "unmoved at the first seed" in arm["line"]) and arm["acted"] == 1


@pytest.mark.parametrize("change", with_cases(CHANGES))
def test_a_change_that_is_ignored_is_caught_by_its_own_footprint(trained, change):
    """The reference's run, passed off as the changed recipe's: what a knob that does nothing leaves."""
    key, reference, settings = change
    run = trained(reference)
    asked = trained({**reference, **settings}).first_loss["expected"] if key == "loss" else run.first_loss["expected"]
    first_loss = {**run.first_loss, "expected": asked}
    dressed = dataclasses.replace(run, recipe=resolved(**{**reference, **settings}), first_loss=first_loss)
    _, arm = examined(key, run, dressed)
    assert arm["outcome"] == "void"
    found = [*arm["problems"], *arm["reasons"]]
    assert [problem for problem in found if problem.startswith(f"{key}: ")], arm


def test_the_schedule_may_wait_for_steps_that_a_scaled_loss_skips_and_for_no_others():
    recipe = resolved(epochs=2, schedule="cosine")
    rates = schedules.learning_rates(recipe, 4)
    late = [rates[0], *rates[:7]]
    history = [{"validation/loss": 1.0, "validation/accuracy": 0.5}] * 2

    def fault(precision, used):
        layers = [{"precision": precision}]
        run = replace(EXAMPLE, recipe=recipe, steps_per_epoch=4, learning_rate=used, history=history, structure=layers)
        return rate_fault(run)

    assert fault("mixed_float16", late) == "" == fault("mixed_bfloat16", list(rates))
    assert "at step 1" in fault("mixed_bfloat16", late)
    assert "at step 1" in fault("mixed_float16", [rates[0], rates[2], *rates[2:]])


def test_an_early_stopping_that_never_acted_leaves_what_was_changed_beside_it_proven(trained):
    """By itself it is void; beside a part that shows, the runs' difference is explained."""
    patient = {**MLP, "dropout": 0.2, "early_stopping": {"name": "patience", "patience": 50, "restore_best": False}}
    arms = {"early_stopping": {**patient, "early_stopping": {"name": "none"}}}
    arms["dropout"] = {**arms["early_stopping"], "dropout": 0.0}
    found = {}
    for key, recipe in arms.items():
        arm, reference = trained(recipe), trained(patient)
        study = study_of(key, reference.recipe, arm.recipe)
        study["arms"][1]["changed"] = ["early_stopping"] + ["dropout"] * (key == "dropout")
        records = [dataclasses.replace(reference, arm="baseline"), dataclasses.replace(arm, arm="arm")]
        found[key] = examine(study, records)[1]["outcome"]
    assert found == {"early_stopping": "void", "dropout": "proven"}


def test_the_trace_of_an_optimiser_leaves_out_what_is_off(trained):
    words = FOOTPRINTS["optimiser"].trace(trained(MLP))
    assert words.startswith("class ") and not re.search("ema|False|None", words)
