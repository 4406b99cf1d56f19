"""What a recipe asks of a GPU's arithmetic, and contrasts across machines: on records as GPUs leave them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from butfor.checks.manipulation import examine
from butfor.engine import device
from butfor.recipe.recipe_mark import recipe_mark
from butfor.report.mixed_numerics import mixed_numerics
from conftest import resolved
from keras_training import arm_runs

SMALL = {"model": {"name": "mlp", "widths": [8]}, "epochs": 1, "batch_size": 50, "loop": "graph", "train_size": 500}
ON_GPU = {"device": "NVIDIA H100", "precision": "float32, tf32", "deterministic": "not required"}


@pytest.fixture(scope="module")
def trained(digits_data):
    """A run's record."""
    return arm_runs(resolved(**SMALL), digits_data, validation=0.2).train(3)


def examined(record, changed, share=0.0, **machine):
    """The check of an arm whose run differs from its reference's by a share of its losses, and by what is told of the machine."""
    recipe = resolved(**{**SMALL, **changed})
    arms = [
        {"name": "baseline", "reference": None, "changed": [], "recipe": record.recipe},
        {"name": "arm", "reference": "baseline", "changed": list(changed), "recipe": recipe},
    ]
    history = [{k: v * (1 + share) if k.endswith("loss") else v for k, v in row.items()} for row in record.history]
    other = replace(record, arm="arm", recipe=recipe, history=history, machine={**record.machine, **machine})
    return examine({"arms": arms}, [replace(record, arm="baseline"), other])[1]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"deterministic": True}, {"deterministic": "required"}),
        ({"matmul_precision": "float32"}, {"precision": "float32"}),
    ],
    ids=["deterministic", "matmul_precision"],
)
def test_what_a_recipe_asks_of_a_gpu_is_an_effect_and_no_other_machine(trained, changed, told):
    (key,) = changed
    record = replace(trained, machine={**trained.machine, **ON_GPU})
    row = examined(record, changed, 1e-6, **told)
    assert (row["outcome"], row["problems"], row["note"], row["mixed"]) == ("proven", [], "", [])
    assert mixed_numerics([row]) == ""
    ignored = examined(record, changed, 1e-6)
    assert ignored["outcome"] == "unproven" and ignored["problems"][0].startswith(f"{key}: expected ")


def test_on_a_cpu_such_an_arm_is_void(trained):
    assert trained.machine["deterministic"] == "on a CPU" and trained.machine["precision"] == "float32"
    row = examined(trained, {"deterministic": True, "matmul_precision": "float32"})
    assert (row["outcome"], row["problems"]) == ("void", [])


def test_a_contrast_across_machines_is_said_at_the_top_of_the_report(trained):
    record = replace(trained, machine={**trained.machine, **ON_GPU})
    row = examined(record, {"dropout": 0.1}, 0.1, tensorflow="0.1", deterministic="required")
    assert row["mixed"] == ["tensorflow", "deterministic"]
    said = mixed_numerics([row])
    assert said.startswith("> - **Compared across machines:** runs of `arm` and")
    assert "differ in version of TensorFlow, determinism, by which alone" in said
    assert mixed_numerics([examined(record, {"dropout": 0.1}, 0.1)]) == ""


def test_records_of_before_there_was_determinism_are_of_no_other_machine(trained):
    before = {key: value for key, value in trained.machine.items() if key != "deterministic"}
    row = examined(replace(trained, machine=before), {"dropout": 0.1}, 0.1, deterministic="on a CPU")
    assert row["mixed"] == []


def test_recipes_of_before_are_known_by_the_same_mark():
    recipe = resolved(**SMALL)
    keys = "deterministic", "matmul_precision"
    assert recipe_mark({key: value for key, value in recipe.items() if key not in keys}) == recipe_mark(recipe)
    assert recipe_mark(recipe) != recipe_mark(resolved(**SMALL, deterministic=True))


@pytest.mark.parametrize("gpus", [[], ["a GPU"]], ids=["cpu", "gpu"])
@pytest.mark.parametrize("deterministic", [False, True], ids=["free", "deterministic"])
def test_determinism_is_asked_of_gpus_and_products_are_rounded_as_the_recipe_says(monkeypatch, gpus, deterministic):
    said = []
    experimental = SimpleNamespace(
        enable_op_determinism=lambda: said.append("deterministic"),
        enable_tensor_float_32_execution=lambda enabled: said.append(enabled),
    )
    fake = SimpleNamespace(config=SimpleNamespace(list_physical_devices=lambda kind: gpus, experimental=experimental))
    monkeypatch.setattr(device, "tf", fake)
    device.set_arithmetic(deterministic, "float32")
    device.set_arithmetic(False, "tf32")
    assert said == [*(["deterministic"] if gpus and deterministic else []), False, True]


def test_runs_that_were_trained_otherwise_among_others_are_told_apart(trained):
    """By how, and runs of one program by how many they were too; those of two programs may be of cohorts of two sizes."""
    together = replace(trained, machine={**trained.machine, "batched": "128 at once"})
    number, program = {"dropout": 0.1}, {"batch_size": 16}
    assert examined(trained, number, 0.1, batched="128 at once")["mixed"] == ["batched"]
    assert examined(together, program, 0.1, batched="1 in turn")["mixed"] == ["batched"]
    assert examined(together, number, 0.1, batched="64 at once")["mixed"] == ["batched"]
    for changed, how in [(program, "64 at once"), (number, "128 at once")]:
        assert examined(together, changed, 0.1, batched=how)["mixed"] == []
    said = mixed_numerics([examined(trained, number, 0.1, batched="128 at once")])
    assert "differ in how many were trained at once, by which alone" in said
