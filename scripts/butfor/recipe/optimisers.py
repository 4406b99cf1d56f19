"""Optimisers: what Keras calls each, and what clips its gradients. Their settings have Keras's names in config/schema.yaml, so
that a record, which holds what Keras's optimiser says of itself, can be checked against the recipe.

Standard library only.
"""

from __future__ import annotations

from typing import Any

OPTIMISERS = {
    "sgd": "SGD",
    "adagrad": "Adagrad",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
    "lion": "Lion",
}

KERAS = "keras"  # the choice that names one of the other classes of keras.optimizers

CLIPPING = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}  # `limit` by Keras's setting

ELSEWHERE = {  # arguments of Keras's optimisers that are keys of a recipe
    "learning_rate": "learning_rate",
    **dict.fromkeys(("clipvalue", "clipnorm", "global_clipnorm"), "clipping"),
    **dict.fromkeys(("use_ema", "ema_momentum", "ema_overwrite_frequency"), "ema"),
    "gradient_accumulation_steps": "accumulation",
}
NAMES = ("name", "of", "settings")  # no argument of a class
NOT_DECAYED = r"(^|/)(bias|gamma|beta|scale)(:\d+)?$"  # by the names of variables: only kernels decay


def optimiser_class(settings: dict[str, Any]) -> str:
    """The name of the class of an optimiser: Keras's, or the user's own."""
    name = settings["name"]
    return str(settings["of"] if name == KERAS else OPTIMISERS.get(name) or name.partition(":")[2])


def class_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an optimiser's class that its settings give."""
    return dict(settings.get("settings") or {key: value for key, value in settings.items() if key not in NAMES})


def optimiser_settings(recipe: dict[str, Any]) -> dict[str, Any]:
    """The settings of the Keras optimiser that a recipe names, but for its learning rate; `coupled_decay` is none of Keras's (see
    engine/coupled_decay)."""
    settings = class_settings(recipe["optimiser"])
    decay, clipping, average = recipe["weight_decay"], recipe["clipping"], recipe["ema"]
    if clipping["name"] != "none":
        settings[CLIPPING[clipping["name"]]] = clipping["limit"]
    if decay["name"] != "none":
        settings["weight_decay" if decay["name"] == "decoupled" else "coupled_decay"] = decay["rate"]
    if average["name"] == "weights":
        settings |= {"use_ema": True, "ema_momentum": average["momentum"]}
    if recipe["accumulation"] > 1:
        settings["gradient_accumulation_steps"] = recipe["accumulation"]
    return settings
