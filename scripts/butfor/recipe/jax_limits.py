"""What the engine on JAX has no code for: named while a study is planned, and again where it trains. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from butfor.errors import StudyError
from butfor.recipe.optimisers import OPTIMISERS
from butfor.recipe.tasks import BINARY, CLASSIFICATION, MULTILABEL, REGRESSION

Recipe = dict[str, Any]
OFF: dict[str, Any] = {"rotation": 0.0, "zoom": 0.0, "mixup": 0.0, "cutmix": 0.0, "precision": "float32"}
CLASSES = ("auto", "cross_entropy", "focal")
NUMBERS = ("auto", "mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "pinball")
TASKS = (CLASSIFICATION.name, BINARY.name, MULTILABEL.name, REGRESSION.name)


class UnsupportedError(StudyError):
    """A recipe or data that the engine cannot train."""


def refuse_recipe(recipe: Recipe) -> None:
    """Raise UnsupportedError for what the engine would have to ignore."""
    name = recipe["model"]["name"]
    if ":" in name:
        _refuse("model", "a built-in one", f"{name}, which may hold what runs on TensorFlow only")
    for key, off in OFF.items():
        if recipe[key] != off:
            _refuse(key, off, recipe[key])
    if recipe["loop"] not in ("auto", "xla"):
        _refuse("loop", "auto or xla", recipe["loop"])
    if recipe["optimiser"]["name"] not in OPTIMISERS:
        _refuse("optimiser", f"one of {', '.join(OPTIMISERS)}", recipe["optimiser"]["name"])
    if recipe["loss"]["name"] not in {*CLASSES, *NUMBERS}:
        _refuse("loss", f"one of {', '.join(dict.fromkeys((*CLASSES, *NUMBERS)))}", recipe["loss"]["name"])


def refuse_source(data: Mapping[str, Any]) -> None:
    """Raise UnsupportedError for what a study's `data` asks for that no array is needed to know of."""
    if data.get("inputs"):
        _refuse("data.inputs", "one input", ", ".join(data["inputs"]))
    if data.get("embedded") is not None:
        _refuse("data.embedded", "none (columns of categories train as one-hot ones)", data["embedded"])


def refuse_data(recipe: Recipe, task: str, inputs: Any, streamed: bool, categories: bool) -> None:
    """Raise UnsupportedError for data that the engine cannot hold. inputs: one array, or several by name."""
    if task not in TASKS:
        _refuse("task", f"one of {', '.join(TASKS)}", task)
    known = NUMBERS if task == REGRESSION.name else CLASSES
    if recipe["loss"]["name"] not in known:
        _refuse("loss", f"one of {', '.join(known)} for the task {task}", recipe["loss"]["name"])
    if isinstance(inputs, dict):
        _refuse("data", "one input", f"{len(inputs)} of them")
    if streamed:
        _refuse("data", "inputs that fit into memory", "inputs that are read from disk")
    if categories:
        _refuse("data", "columns of numbers", "columns of categories")


def _refuse(key: str, expected: Any, received: Any) -> None:
    raise UnsupportedError(
        f"{key}: expected {expected}, received {received}: the engine jax has no code for it. Leave ENGINE (or BUTFOR_ENGINE)"
        " out to train with Keras on TensorFlow."
    )
