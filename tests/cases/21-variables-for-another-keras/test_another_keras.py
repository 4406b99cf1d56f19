"""A study in a shell whose variables are meant for another Keras."""

import json

import numpy as np


def test_variables_for_another_keras_decide_nothing(case, monkeypatch):
    for name, value in {"KERAS_BACKEND": "jax", "TF_USE_LEGACY_KERAS": "1", "CUDA_VISIBLE_DEVICES": "-1"}.items():
        monkeypatch.setenv(name, value)
    images, labels = np.random.default_rng(0).random((80, 8, 8)), np.arange(80) % 2
    arrays = {"x_train": images[:60], "y_train": labels[:60], "x_test": images[60:], "y_test": labels[60:]}
    np.savez(case.folder / "grey.npz", **arrays)
    done = case.run("--configfile", "study.yaml", "--until", "train")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((case.folder / "results/grey/runs/baseline/look1/seed_0.json").read_text())
    assert record["machine"]["keras"].startswith("3.") and record["machine"]["tensorflow"]
