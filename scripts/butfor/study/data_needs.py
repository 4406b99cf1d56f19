"""The needs of a study's recipes: what their data must have. Standard library only."""

from __future__ import annotations

from typing import Any

from butfor.data import limits
from butfor.recipe import architectures
from butfor.recipe.watched_figures import figure_name, metrics_watched, watched
from butfor.user_code import location

MIXING = ("mixup", "cutmix")
POSITIVE = (
    "MeanSquaredLogarithmicError",
    "MeanAbsolutePercentageError",
    "Poisson",
)  # of keras.losses: made for targets above 0


def data_needs(recipes: list[dict[str, Any]]) -> dict[str, Any]:
    """What the recipes need of the data: the largest `train_size` and `batch_size`, in images, how many an epoch must have for
    one update of the weights (`accumulated`), the shortest `side` of
    an image, in pixels (0: examples need not be images), and whose inputs are scaled as the data suggest (`auto`): those
    of models `built in`, of the user's `own`, of both (`mixed`), or of none (empty). models: the same of all. watched:
    the validation figures that recipes watch, metrics aside; weighted: how many classes get weights (-1: all); smoothed:
    whether labels are; losses: the losses that are named; moved: what moves images, and not what is known of each of their
    pixels;
    positive: those of Keras's that are made for targets above 0, each with whether the recipe scales targets to be around 0;
    mixed: how batches are mixed, and with what loss of the user's own; given_weights: whether examples count as the data say.
    """
    return {
        "train_size": max(recipe["train_size"] or 0 for recipe in recipes),
        "batch_size": max(recipe["batch_size"] for recipe in recipes),
        "accumulated": max(limits.images_for_an_update(recipe) for recipe in recipes),
        "side": max(architectures.smallest_side(recipe) for recipe in recipes),
        "auto": _whose([location.is_own(r["model"]["name"]) for r in recipes if r["input_scaling"]["name"] == "auto"]),
        "models": _whose([location.is_own(r["model"]["name"]) for r in recipes]),
        "watched": sorted({name for r in recipes for name in watched(r).values()} - _metrics(recipes)),
        "weighted": sorted({_weighted(r["class_weight"]) for r in recipes} - {0}),
        "smoothed": any(r["label_smoothing"] for r in recipes),
        "losses": sorted({r["loss"]["name"] for r in recipes} - {"auto"}),
        "positive": [list(loss) for loss in sorted(set(filter(None, map(_positive_loss, recipes))))],
        "mixed": [list(way) for way in sorted({(key, _own_loss(r)) for r in recipes for key in MIXING if r[key]})],
        "given_weights": any(r["sample_weight"] == "given" for r in recipes),
        "moved": [key for key in architectures.MOVING if any(r[key] for r in recipes)],
    }


def _metrics(recipes: list[dict[str, Any]]) -> set[str]:
    """The metrics that recipes watch."""
    return {figure_name(metric) for recipe in recipes for metric in metrics_watched(recipe)}


def _weighted(settings: dict[str, Any]) -> int:
    """How many classes get a weight: 0 for none, -1 for as many as there are."""
    return len(settings["weights"]) if settings["name"] == "given" else -1 if settings["name"] == "balanced" else 0


def _positive_loss(recipe: dict[str, Any]) -> tuple[str, bool] | None:
    loss = recipe["loss"]
    if loss["name"] != "keras" or loss["of"] not in POSITIVE:
        return None
    return loss["of"], recipe["target_scaling"]["name"] == "standard"


def _own_loss(recipe: dict[str, Any]) -> str:
    """The loss of the user's own that a recipe trains by; empty if it is none."""
    return str(recipe["loss"]["name"]) if location.is_own(recipe["loss"]["name"]) else ""


def _whose(own: list[bool]) -> str:
    if not own:
        return ""
    return "mixed" if any(own) and not all(own) else "own" if own[0] else "built in"
