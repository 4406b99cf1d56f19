"""The validation figures that a recipe watches while it trains: by early stopping, and by a schedule that waits for a plateau.
Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from butfor.recipe.tasks import OWN, REGRESSION, Task

PLAIN = "loss"  # the task's plain loss, whatever trains
TRAINED = "trained_loss"  # the loss that trains, without penalties and without what examples and classes count
HIGHER = "accuracy"  # of what every run records, what is better where it is higher
WATCHING = ("early_stopping", "schedule")
CROSS_ENTROPY = ("auto", "cross_entropy")
SQUARES = ("auto", "mean_squared_error")


def watched(recipe: Mapping[str, Any]) -> dict[str, str]:
    """The figure that each key of a recipe watches by name, of those that watch one."""
    return {key: figure_name(monitor) for key, monitor in _monitors(recipe).items()}


def metrics_watched(recipe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those of the figures that predictions tell, and no engine: metrics, each once (see study/watched_metrics.Monitor)."""
    metrics = (monitor for monitor in _monitors(recipe).values() if not isinstance(monitor, str))
    return list({metric["name"]: metric for metric in metrics}.values())


def figure_name(monitor: Any) -> str:
    """The name of a figure that is watched: of what every run records that alone, of a metric with how it is computed."""
    return str(monitor if isinstance(monitor, str) else monitor["name"])


def higher_is_better(monitor: Any) -> bool:
    """Whether a figure that is watched is better where it is higher."""
    return bool(monitor == HIGHER if isinstance(monitor, str) else monitor["higher_is_better"])


def chooses(recipe: Mapping[str, Any]) -> Any:
    """The figure by which the best of a recipe's models is chosen before all others: what early stopping is told to watch, and
    None where that is the plain loss or nothing."""
    monitor = _monitors(recipe).get("early_stopping", PLAIN)
    return None if monitor == PLAIN else monitor


def measured_for_watching(recipe: Mapping[str, Any]) -> set[str]:
    """The figures that a run has after each epoch because its recipe watches them, and for nothing else."""
    metrics = {figure_name(metric) for metric in metrics_watched(recipe)}
    return metrics | ({TRAINED} if measures_trained_loss(recipe) else set())


def _monitors(recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {key: recipe[key]["monitor"] for key in WATCHING if "monitor" in recipe.get(key, {})}


def measures_trained_loss(recipe: Mapping[str, Any]) -> bool:
    """Whether the trained loss is measured after each epoch: where something watches it, and nowhere else."""
    return TRAINED in watched(recipe).values()


def own_figures(recipe: Mapping[str, Any], figures: dict[str, float]) -> dict[str, float]:
    """Those of some figures that runs of a recipe have, of a program that may measure more for others."""
    return figures if measures_trained_loss(recipe) else {k: x for k, x in figures.items() if k != TRAINED}


def trains_by_another(recipe: Mapping[str, Any], task: Task | None, numbers: int = 1) -> bool:
    """Whether the loss that trains may be least in another epoch than the task's plain loss.

    task: None while it is not known; then whether it may be so for any task. numbers: how many there are to be predicted of an
    example; each is scaled by a spread of its own, and so has another share in the loss.
    """
    name = recipe["loss"]["name"]
    if task is OWN:
        return False
    if task is None:
        return name not in {*CROSS_ENTROPY, *SQUARES}
    if task is not REGRESSION:
        return name not in CROSS_ENTROPY or bool(recipe["label_smoothing"])
    return name not in SQUARES or (numbers > 1 and recipe["target_scaling"]["name"] != "none")
