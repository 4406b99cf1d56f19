"""How fast a study trains against a plain loop over Keras `fit`: seconds per job, the two in turn, on Fashion-MNIST.

`plain` builds, compiles and fits a fresh model per seed, as a hand-written loop over seeds would, with the same
validation; `butfor` trains the same seeds in one compiled job. Import and data loading are left out of both.
"""

import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import keras
import numpy as np
import yaml

from butfor.data.dataset import load, split
from butfor.engine import keras_optimisers, models
from butfor.engine.device import use_device
from butfor.recipe import schedules
from butfor.study.settings import study_and_plan
from keras_training import arm_runs

ARMS = ("baseline", "no_dropout", "init_glorot_uniform")
SEEDS = (0, 1, 2)
results = ROOT / "results"


def butfor(recipe, dataset):
    arm = arm_runs(recipe, dataset)
    return [arm.train(seed).metrics["test/accuracy"] for seed in SEEDS]


def plain(recipe, dataset):
    accuracies = []
    for seed in SEEDS:
        train, held = split(len(dataset.x_train), 0.1, None, seed)
        x = dataset.x_train.astype(np.float32) / 255
        model = models.build(recipe, dataset.x_train.shape[1:], dataset.classes, seed, "philox")
        rates = schedules.learning_rates(recipe, len(train) // recipe["batch_size"] + 1)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(
            keras_optimisers.optimiser(recipe, keras_optimisers.RateTable(rates)),
            loss,
            metrics=["accuracy"],
            jit_compile=False,
        )
        model.fit(
            x[train], dataset.y_train[train], batch_size=recipe["batch_size"], epochs=recipe["epochs"], verbose=0,
            validation_data=(x[held], dataset.y_train[held]),
        )  # fmt: skip
        accuracies.append(model.evaluate(dataset.x_test.astype(np.float32) / 255, dataset.y_test, verbose=0)[1])
    return accuracies


use_device(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
dataset = load(results / "data" / "arrays.npz", results / "data" / "manifest.json")
config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
_, plan = study_and_plan(config, ROOT / "config" / "schema.yaml")
ratios = []
for arm in ARMS:
    seconds = {}
    for way in (butfor, plain):
        began = time.perf_counter()
        accuracy = np.mean(way(plan.arms[arm].recipe, dataset))
        seconds[way.__name__] = time.perf_counter() - began
        print(f"{arm}: {way.__name__} {seconds[way.__name__]:.1f} s, test accuracy {accuracy:.4f}", flush=True)
    ratios.append(seconds["plain"] / seconds["butfor"])
print(json.dumps({"plain / butfor": [round(r, 2) for r in ratios], "median": round(statistics.median(ratios), 2)}))
