"""Folds of several sizes, trained by one engine or by one each. As a program it trains the recipes of standard input by JAX, in a
process of its own, and prints what each way has left."""

import dataclasses
import json
import sys

import numpy as np

from butfor.data.dataset import Dataset
from butfor.data.folds import Folds
from butfor.fingerprint import digest
from butfor.training.arm_runs import ArmRuns
from butfor.training.engine_choice import engine_named
from conftest import resolved

BASE = {"model": {"name": "mlp", "widths": [8]}, "epochs": 3, "batch_size": 16, "learning_rate": 0.01, "dropout": 0.1}
COUNT = 102  # in five folds of 20 and 21, so that there are two shapes
SEEDS = range(6)  # the last one of a second division
AGAIN = (
    1,
    2,
    5,
)  # after another of its shape, of the other shape, of another division; the first is by its own engine anyway
UNEVEN = 1, 4, 5  # with one fold much larger: before the one of fewer steps, that one, and after it


def data_of(task="classification", largest=0):
    """In folds of equal groups, or with one of as many examples as `largest`."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(COUNT, 5)).astype(np.float32)
    number = task == "regression"
    y = x[:, 0] + x[:, 1] if number else (x[:, 0] > 0).astype(np.int32) + (x[:, 1] > 0.5)
    y = y.astype(np.float32)[:, None] if number else y
    groups = np.maximum(np.arange(COUNT) - largest, 0) if largest else None
    return Dataset(
        *("made", "f" * 16, 1 if number else 3, x, y, x[:0], y[:0]),
        **{"task": task, "table": True, "folds": Folds(5, groups=groups), "outputs": (1,) if number else ()},
    )


def trained(engine, data, recipe, seeds, shares):
    """The records and predictions of folds by seed, and by how many engines; by one each unless they share, whose programs have
    no more room than that."""
    task = {"arm": "a", "recipe": recipe, "validation": 0.1}
    runs, found, engines = None, {}, 0
    for seed in seeds:
        of_fold = data.of_seed(seed, SEEDS if shares else ())
        if runs is None or not shares or not runs.takes(of_fold):
            runs, engines = ArmRuns(engine, task, of_fold, "cpu"), engines + 1
        record = runs.train(seed)
        found[seed] = dataclasses.replace(record, timing={}, machine={}), runs.predict(seed, ["test"])["test"]
    return found, engines


def by_jax(recipe):
    """How many engines the folds took, and by fold what a record and the predictions are by one engine and by one each."""
    engine, data = engine_named("butfor.jax_engine.jax_engine:JaxEngine"), data_of(largest=40)
    together, engines = trained(engine, data, resolved(**{**BASE, **recipe}), SEEDS, shares=True)
    apart, _ = trained(engine, data, resolved(**{**BASE, **recipe}), UNEVEN, shares=False)
    left = {seed: [digests(together[seed]), digests(apart[seed])] for seed in UNEVEN}
    return {"engines": engines, "left": left}


def digests(run):
    record, predicted = run
    return {**{key: repr(value) for key, value in dataclasses.asdict(record).items()}, "predicted": digest(predicted)}


if __name__ == "__main__":
    print(json.dumps([by_jax(recipe) for recipe in json.load(sys.stdin)]))
