"""Trains recipes for some steps with an engine, in a process of its own, because Keras takes its backend once.

Standard input: `engine`, `recipes` (by name: keys of a recipe that are not the default, and a `task`), `steps`, and which recipes
train to their end, `watching` one loss and the other. Writes into the
file `to` of NumPy's by name: each loss, the initial weights, the final ones, and what dropout draws.
"""

import json
import sys

import numpy as np

from butfor.data.dataset import Dataset
from butfor.recipe import schedules
from butfor.training.arm_runs import ArmRuns
from butfor.training.engine_choice import engine_named
from conftest import resolved

SEED = 3
BASE = {"batch_size": 32, "epochs": 10, "model": {"name": "mlp", "widths": [24, 16]}}


def made_up(task="classification", image=(8, 8), examples=640):
    """Examples with something to learn in them: images of bytes, of two or more classes, or of numbers."""
    draws = np.random.default_rng(0)
    labels = draws.integers(0, 2 if task == "binary" else 4, examples)
    centres = draws.uniform(40, 215, (4, *image))
    x = np.clip(centres[labels] + draws.normal(0, 60, (examples, *image)), 0, 255).astype(np.uint8)
    y = labels.astype(np.int32)
    if task == "regression":
        y = np.stack([labels + draws.normal(0, 0.3, examples), draws.normal(5, 2, examples)], axis=1).astype(np.float32)
    outputs = {"classification": (4,), "binary": (1,), "regression": (2,)}[task]
    return Dataset("made-up", "f", outputs[0], x, y, x[:200], y[:200], pixels=True, task=task, outputs=outputs)


def trained(kind, written, steps, watches):
    """The arrays that a recipe leaves, by name; with the epochs that it chooses where it watches."""
    written = dict(written)
    task = written.pop("task", "classification")
    recipe = resolved(**{**BASE, **written})
    data = made_up(task).scaled(recipe)
    engine = kind(recipe, data, schedules.learning_rates(recipe, steps))
    engine.start(SEED)
    left = {f"start/{n}": values for n, values in enumerate(engine.weights())}
    draws = engine.probe.random_draws()
    left["draws"] = np.array([f"{name} {row['digest']} {row['next']}" for name, row in draws.items()], dtype="U80")
    order = np.random.default_rng(1).permutation(640 * 10)[: steps * 32].reshape(steps, 32).astype(np.int32) % 640
    left["losses"] = np.array([engine.train_epoch(order[step : step + 1])[1] for step in range(steps)])
    left |= {f"end/{n}": values for n, values in enumerate(engine.weights())}
    rows = np.arange(200, dtype=np.int32)
    left["figures"] = np.array(sorted(engine.evaluate("test", rows).values()))
    left["scores"] = engine.scores("test", rows)
    left["once"] = np.array(_same_of_one_pass(engine))
    left["chosen"] = np.array(_chosen(kind, task, recipe) if watches else [])
    left["taken"] = np.array(sorted(engine.probe.draws_taken().items()), dtype="U40")
    return left


def _chosen(kind, task, recipe):
    """The epochs that a whole training goes back to by the plain loss, and by the loss that trains."""
    found = []
    for monitor in ("loss", "trained_loss"):
        watching = {**recipe, "early_stopping": {**recipe["early_stopping"], "monitor": monitor}}
        runs = ArmRuns(kind, {"arm": monitor, "recipe": watching, "validation": 0.2}, made_up(task), "CPU")
        found.append(runs.train(SEED).restored_epoch)
    return found


def _same_of_one_pass(engine):
    """Whether one pass gives the figures and the scores of two to the bit, of several batches, the last of them smaller."""
    rows = np.arange(4500, dtype=np.int32) % 200
    figures, scores = engine.figures_and_scores("test", rows)
    return figures == engine.evaluate("test", rows) and np.array_equal(scores, engine.scores("test", rows))


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    engine = engine_named(asked["engine"])
    engine.device(1)
    arrays = {}
    for name, recipe in asked["recipes"].items():
        left = trained(engine, recipe, asked["steps"], name in asked["watching"])
        arrays |= {f"{name}:{key}": value for key, value in left.items()}
    np.savez(asked["to"], **arrays)
