"""Whether the settings of a recipe fit together: a part that the model or the optimiser cannot use is an error.

Standard library only, but for the YAML file of a user's own model.
"""

from __future__ import annotations

from typing import Any

from butfor import anatomy, own_code
from butfor.errors import StudyFileError

Recipe = dict[str, Any]

# What a model builds in, as against what the training does around it.
MODEL_KEYS = frozenset(
    [
        *("initialiser", "layer_initialisers", "bias_initialiser", "normalisation"),
        *("l1", "l2", "activity_l1", "activity_l2", "max_norm"),
        *("dropout", "input_dropout", "spatial_dropout", "shift", "flip"),
    ]
)


class IncompatibleError(StudyFileError):
    """Settings that do not fit together, in words for the person who wrote them."""


def check(recipe: Recipe, written: Recipe, properties: dict[str, Any], where: str) -> None:
    """Raise IncompatibleError unless every part of the recipe can act.

    recipe: resolved. written: as in the study file, or a reference's recipe with changes. properties: the schema's.
    """
    for problem in (*_unused(recipe, written, properties), *_mismatched(recipe)):
        raise IncompatibleError(f"{where}.{problem}")


def uses(model: Recipe) -> frozenset[str]:
    """The model keys that the model reads."""
    if own_code.is_own(model["name"]):
        return frozenset(own_code.declaration(model["name"])["uses"])
    return MODEL_KEYS if model["name"] in anatomy.CONVOLUTIONAL else MODEL_KEYS - {"spatial_dropout"}


def _unused(recipe: Recipe, written: Recipe, properties: dict[str, Any]) -> list[str]:
    model, used = recipe["model"], uses(recipe["model"])
    unknown = [key for key in used if key not in properties]
    if unknown:
        return [f"model: {model['name']} says that it uses {unknown[0]}, which is no key of a recipe."]
    return [
        f"{key}: the model {model['name']} does not use it, received {written[key]!r}. Leave it out, or take another model."
        for key in properties
        if key in MODEL_KEYS - used and key in written and recipe[key] != _inert(properties[key], recipe[key])
    ]


def _inert(schema: dict[str, Any], value: Any) -> Any:
    """The value that says nothing: what takes the part out, or else the default."""
    plain = schema.get("without", schema["default"])
    return {"name": plain} if isinstance(value, dict) and isinstance(plain, str) else plain


def _mismatched(recipe: Recipe) -> list[str]:
    model, optimiser, schedule = recipe["model"], recipe["optimiser"], recipe["schedule"]
    problems = []
    if model["name"] == "mlp" and isinstance(model["widths"], list) and model["depth"] is not None:
        problems.append(f"model.depth: expected null beside a list of widths, received {model['depth']}.")
    problems += _dropout_list(recipe) + _layer_names(recipe)
    if optimiser.get("nesterov") and not optimiser["momentum"]:
        problems.append("optimiser.nesterov: expected a momentum above 0 with it, received 0.0.")
    if optimiser.get("weight_decay") and recipe["weight_decay"]["name"] == "decoupled":
        problems.append("weight_decay: adamw decays the weights already; expected none or coupled, received decoupled.")
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


def _boundaries(schedule: Recipe) -> list[str]:
    written = schedule.get("boundaries", [])
    units = {boundary.split()[1] for boundary in written}
    places = [float(boundary.split()[0]) for boundary in written]
    if len(units) > 1 or places != sorted(set(places)):
        return [f"schedule.boundaries: expected times that rise, all in epochs or all in steps, received {written}."]
    return []


def _dropout_list(recipe: Recipe) -> list[str]:
    model, rates = recipe["model"], recipe["dropout"]
    if not isinstance(rates, list):
        return []
    own = own_code.is_own(model["name"])
    places = own_code.declaration(model["name"]).get("dropouts") if own else anatomy.dropouts(model)
    if len(rates) == places:
        return []
    return [f"dropout: expected one rate, or {places or 'no'} in a list for {model['name']}, received {rates}."]


def _layer_names(recipe: Recipe) -> list[str]:
    model = recipe["model"]
    own = own_code.is_own(model["name"])
    known = own_code.declaration(model["name"]).get("layers", []) if own else [*anatomy.hidden_layers(model), "logits"]
    return [
        f"layer_initialisers: {model['name']} has no layer {name}. Layers: {', '.join(known) or 'none declared'}."
        for name in recipe["layer_initialisers"]
        if name not in known
    ]
