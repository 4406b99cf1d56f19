"""The compatibility of a recipe's settings: a part that the model or the optimiser cannot use is an error.

Standard library only, but for the YAML file of a user's own model.
"""

from __future__ import annotations

from typing import Any

from butfor.data import limits
from butfor.errors import Errors, StudyFileError
from butfor.recipe.architectures import architecture
from butfor.recipe.optimisers import ELSEWHERE
from butfor.user_code import declaration, location

Recipe = dict[str, Any]

# The keys that a model's layers use; the other keys concern the training around it.
MODEL_KEYS = frozenset(
    [
        *("initialiser", "layer_initialisers", "bias_initialiser", "normalisation"),
        *("l1", "l2", "activity_l1", "activity_l2", "max_norm"),
        *("dropout", "input_dropout", "spatial_dropout", "precision"),
        *("shift", "flip", "rotation", "zoom", "noise", "cutout", "categories"),
    ]
)


class IncompatibleError(StudyFileError):
    """Settings of a recipe that do not fit together."""


def check(recipe: Recipe, written: Recipe, properties: dict[str, Any], where: str) -> None:
    """Raise IncompatibleError, or SeveralErrors of them, unless every part of a recipe has an effect.

    recipe: completed. written: as in the study file, or a reference's recipe with changes. properties: the schema's. where:
    the recipe's place in the study file.
    """
    errors = Errors()
    for problem in (*_unused(recipe, written, properties), *_mismatched(recipe)):
        errors.add(IncompatibleError(f"{where}.{problem}", tuple(problem.partition(":")[0].split("."))))
    errors.end()


def uses(model: Recipe) -> frozenset[str]:
    """The keys of a recipe that a model's layers use."""
    if location.is_own(model["name"]):
        return frozenset(declaration.declaration(model["name"])["uses"])
    return MODEL_KEYS if architecture(model).convolves else MODEL_KEYS - {"spatial_dropout"}


def _unused(recipe: Recipe, written: Recipe, properties: dict[str, Any]) -> list[str]:
    model, used = recipe["model"], uses(recipe["model"])
    unknown = [key for key in used if key not in properties]
    if unknown:
        return [f"model: {model['name']} declares that it uses {unknown[0]}, which is no key of a recipe."]
    return [
        f"{key}: the model {model['name']} does not use it, received {written[key]!r}. Leave it out, or take another model."
        f"{takes(model)}"
        for key in properties
        if key in MODEL_KEYS - used and key in written and recipe[key] != _neutral(properties[key], recipe[key])
    ]


def takes(model: Recipe) -> str:
    """What a user's own model uses of a recipe, and its own settings; empty for a built-in model, which the schema describes."""
    if not location.is_own(model["name"]):
        return ""
    own = [f"model.{name}" for name in declaration.declaration(model["name"]).get("properties", {})]
    used = ", ".join(sorted(uses(model))) or "nothing"
    return f" {model['name']} uses {used} of the recipe" + (
        f", and its own settings are {', '.join(own)}." if own else "."
    )


def _neutral(schema: dict[str, Any], value: Any) -> Any:
    """The value without effect: the one that takes the part out, or else the default."""
    plain = schema.get("without", schema["default"])
    if not (isinstance(value, dict) and isinstance(plain, str)):
        return plain
    settings = schema.get("choices", {}).get(plain, {}).get("properties", {})
    return {"name": plain, **{key: about["default"] for key, about in settings.items()}}


def _mismatched(recipe: Recipe) -> list[str]:
    model, optimiser, schedule = recipe["model"], recipe["optimiser"], recipe["schedule"]
    own = location.is_own(model["name"])
    problems = [] if own else [f"model.{problem}" for problem in architecture(model).problems(model)]
    problems += _dropout_list(recipe) + _layer_names(recipe)
    if recipe["batch_size"] > (recipe["train_size"] or recipe["batch_size"]):
        problems.append(
            f"batch_size: expected at most the {recipe['train_size']} examples of train_size, since an incomplete batch is left"
            f" out, received {recipe['batch_size']}. Write a smaller one, or a larger train_size."
        )
    if recipe["normalisation"]["name"] == "batch" and recipe["batch_size"] == 1 and not own:
        problems.append(
            "batch_size: expected 2 or more with batch normalisation, since the moments of one example leave nothing of it,"
            " received 1. Write a larger one, or normalisation: layer."
        )
    if recipe["batch_size"] == 1 and (mixing := [key for key in ("mixup", "cutmix") if recipe[key]]):
        problems.append(
            f"batch_size: expected 2 or more with {' and '.join(mixing)}, since an example is mixed with another of its batch,"
            f" received 1. Write a larger one, or leave out {' and '.join(mixing)}."
        )
    if recipe["train_size"] and limits.images_for_an_update(recipe) > recipe["train_size"] >= recipe["batch_size"]:
        problems.append(
            f"accumulation: expected a training of {recipe['accumulation']} batches or more, since less updates nothing,"
            f" received train_size {recipe['train_size']}. Write a smaller accumulation, or more epochs."
        )
    weighted = [
        *(["class_weight"] * (recipe["class_weight"]["name"] != "none")),
        *(["sample_weight"] * (recipe["sample_weight"] != "none")),
    ]
    if recipe["loss"]["name"] == "dice" and weighted:
        problems.append(
            f"{weighted[0]}: expected a loss that has a value for each example, received dice, which has one for a batch. Leave"
            " one of the two out."
        )
    problems += _of_optimiser(optimiser, recipe["weight_decay"]["name"])
    if schedule["name"] == "piecewise" and len(schedule["factors"]) != len(schedule["boundaries"]) + 1:
        problems.append(
            f"schedule.factors: expected one more than the {len(schedule['boundaries'])} boundaries,"
            f" received {len(schedule['factors'])}."
        )
    time, unit = recipe["warmup"].split()
    if unit.startswith("epoch") and float(time) > recipe["epochs"]:
        problems.append(
            f"warmup: expected at most the {recipe['epochs']} epochs of the training, received {recipe['warmup']}."
        )
    return problems + _boundaries(schedule)


def _of_optimiser(optimiser: Recipe, decay: str) -> list[str]:
    problems, given = [], optimiser.get("settings", {})
    if optimiser.get("nesterov") and not optimiser["momentum"]:
        problems.append("optimiser.nesterov: expected a momentum above 0 with it, received 0.0.")
    if elsewhere := sorted(ELSEWHERE.keys() & given.keys()):
        keys = ", ".join(f"{ELSEWHERE[name]} for {name}" for name in elsewhere)
        problems.append(
            f"optimiser.settings: expected arguments that are no keys of a recipe, received {', '.join(elsewhere)}. Write {keys}."
        )
    if optimiser.get("weight_decay") and decay == "decoupled":
        problems.append(
            "weight_decay: adamw decays the weights already; expected none or coupled, received decoupled."
            " Its own rate is optimiser.weight_decay."
        )
    if given.get("weight_decay") and decay == "decoupled":
        problems.append(
            "weight_decay: expected none or coupled beside optimiser.settings.weight_decay, received decoupled. Leave one out."
        )
    return problems


def _boundaries(schedule: Recipe) -> list[str]:
    boundaries = schedule.get("boundaries", [])
    units = {boundary.split()[1] for boundary in boundaries}
    places = [float(boundary.split()[0]) for boundary in boundaries]
    if len(units) > 1 or places != sorted(set(places)):
        return [f"schedule.boundaries: expected times that rise, all in epochs or all in steps, received {boundaries}."]
    return []


def _dropout_list(recipe: Recipe) -> list[str]:
    model, rates = recipe["model"], recipe["dropout"]
    if not isinstance(rates, list):
        return []
    own = location.is_own(model["name"])
    places = declaration.declaration(model["name"]).get("dropouts") if own else architecture(model).dropouts(model)
    if len(rates) == places:
        return []
    levels = ", ".join(map(str, rates))
    return [
        f"dropout: expected one rate, or {places or 'no'} in a list for {model['name']}, received {rates}. If these are"
        f" levels to compare, write each: {{dropout: [{levels}]}}."
    ]


def _layer_names(recipe: Recipe) -> list[str]:
    model = recipe["model"]
    own = location.is_own(model["name"])
    layers = (
        declaration.declaration(model["name"]).get("layers", [])
        if own
        else [*architecture(model).hidden_layers(model), "logits"]
    )
    return [
        f"layer_initialisers: {model['name']} has no layer {name}. Layers: {', '.join(layers) or 'none declared'}."
        for name in recipe["layer_initialisers"]
        if name not in layers
    ]
