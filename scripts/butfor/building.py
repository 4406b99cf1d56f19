"""The user's own models, built before they are trained: whether each keeps the word that its YAML file gives."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from butfor import data, models, own_code
from butfor.chance_layers import Dropout
from butfor.diagnostics import Probe, structure
from butfor.own_code import OwnCodeError

Recipe = dict[str, Any]
Model: TypeAlias = Any
REMEDY = "Pass seed=parts.key(name) to whatever draws, or use the layers of `parts`."
LOOKED_AT = 64
log = logging.getLogger(__name__)


def build(recipe: Recipe, dataset: data.Dataset, arm: str) -> list[dict[str, Any]]:
    """The layers of an own model (see `structure`), after every check that one arm allows. Raises OwnCodeError."""
    with own_code.answers_for(recipe["model"]["name"], f"building it for {arm}"):
        return _built(recipe, dataset, arm)


def _built(recipe: Recipe, dataset: data.Dataset, arm: str) -> list[dict[str, Any]]:
    read = Reading(recipe)
    model, again, other = (_model(each, dataset, seed) for each, seed in ((read, 0), (recipe, 0), (recipe, 1)))
    name = recipe["model"]["name"]
    checks = (
        *_foreign_draws(model),
        *_kept_declaration(read.keys_read, recipe, model, own_code.declaration(name)),
        *_settings_without_effect(read["model"].keys_read, recipe["model"], own_code.declaration(name)),
        *_not_repeated(model, again),
        *_not_seeded(model, other),
        *_not_logits(model, dataset),
    )
    for problem in checks:
        raise OwnCodeError(f"{arm}: {name}: {problem}")
    Probe(model).statistics(dataset.x_train[:LOOKED_AT], dataset.y_train[:LOOKED_AT])
    log.info("%s · %s: %d parameters", arm, name, model.count_params())
    return structure(model)


class Reading(dict[str, Any]):
    """A recipe that notes in `keys_read` which of its keys are read, and its model's settings likewise."""

    get, items, values = Mapping.get, Mapping.items, Mapping.values  # type: ignore[assignment]

    def __init__(self, recipe: Recipe) -> None:
        super().__init__({key: Reading(value) if key == "model" else value for key, value in recipe.items()})
        self.keys_read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.keys_read.add(key)
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()  # without one of its own, {**recipe} would not ask __getitem__


def _model(recipe: Recipe, dataset: data.Dataset, seed: int) -> Model:
    try:
        return models.build(recipe, dataset.x_train.shape[1:], dataset.classes, seed, "philox")
    except AttributeError as failure:
        if failure.name != "output_shape":
            raise
        raise OwnCodeError(
            f"{recipe['model']['name']}: expected a model made with keras.Model(inputs, outputs), received one without"
            f" inputs: {failure}. Begin with keras.Input(shape)."
        ) from failure


def _kept_declaration(keys_read: set[str], recipe: Recipe, model: Model, declared: dict[str, Any]) -> Iterator[str]:
    uses, read = set(declared["uses"]), keys_read - {"model"}
    if read - uses:
        yield f"it reads {_listed(read - uses)}, which it does not declare. Write uses: [{_listed(uses | read)}]."
    if uses - read:
        yield (
            f"it declares {_listed(uses - read)}, and did not read it in this arm, where it would change nothing."
            f" Take it out of `uses` in its YAML file, or use it whatever the other settings are."
        )
    layers = {layer.name for layer in model.layers}
    if missing := set(declared.get("layers", [])) - layers:
        yield (
            f"it declares the layers {_listed(missing)}, which it does not have in this arm. Expected some of"
            f" {_listed(layers)}. Call the layers so, or take the names out of `layers`."
        )
    if "dropouts" in declared:
        rates = recipe["dropout"]
        expected = sum(rate > 0 for rate in (rates if isinstance(rates, list) else [rates] * declared["dropouts"]))
        found = [x.name for x in _every_layer(model) if isinstance(x, Dropout) and x.name.startswith("dropout_")]
        if len(found) != expected:
            yield (
                f"expected {expected} layers of parts.dropout, by `dropouts: {declared['dropouts']}` and dropout {rates},"
                f" received {len(found)}. Correct `dropouts`, or call parts.dropout(x, place) for each place."
            )


def _settings_without_effect(keys_read: set[str], settings: Recipe, declared: dict[str, Any]) -> Iterator[str]:
    """A setting may go unread while it says what it says by default: some act only beside others."""
    for key, schema in declared.get("properties", {}).items():
        if key not in keys_read and settings[key] != schema["default"]:
            yield (
                f"its setting {key} is {settings[key]!r} in this arm, and was not read, so that it would change nothing."
                f" Read recipe['model']['{key}'], or take it out of `properties` in its YAML file."
            )


def _foreign_draws(model: Model) -> Iterator[str]:
    for layer in _every_layer(model):
        if type(layer).__module__.startswith("keras.") and hasattr(layer, "seed_generator"):
            yield (
                f"{layer.name}: expected a layer of `parts`, received keras.layers.{type(layer).__name__}, whose draws are"
                " slow in a compiled training and not paired between arms. For dropout, write parts.dropout(x, place)."
            )


def _not_repeated(model: Model, again: Model) -> Iterator[str]:
    if [v.shape for v in model.variables] != [v.shape for v in again.variables]:
        yield "building twice with the same seed gave other layers; expected the same. Let it depend on its arguments only."
    elif unlike := _unlike(model.variables, again.variables):
        yield f"building twice with the same seed gave other values of {', '.join(unlike)}; expected the same. {REMEDY}"


def _not_seeded(model: Model, other: Model) -> Iterator[str]:
    drawn = [v for v in model.trainable_variables if np.ptp(v.numpy()) > 0]
    if drawn and not _unlike(model.trainable_variables, other.trainable_variables):
        yield f"another seed gave the same initial weights; expected others. {REMEDY}"
    for state, others in zip(_states(model), _states(other), strict=True):
        if not _unlike([state], [others]):
            yield f"another seed gave {state.path} the same start; expected another. {REMEDY}"


def _not_logits(model: Model, dataset: data.Dataset) -> Iterator[str]:
    outputs = model(dataset.x_train[:LOOKED_AT].astype(np.float32), training=False).numpy()
    expected = (min(LOOKED_AT, len(dataset.x_train)), dataset.classes)
    if outputs.dtype != np.float32 or outputs.shape != expected:
        yield f"expected logits as float32 {expected}, received {outputs.dtype} {outputs.shape}. Mend what it returns."
    elif outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        yield "expected logits, received probabilities. Leave out the softmax at its end; the loss has one."


def _unlike(first: list[Any], second: list[Any]) -> list[str]:
    pairs = zip(first, second, strict=True)
    return [one.path for one, two in pairs if not np.array_equal(one.numpy(), two.numpy(), equal_nan=True)]


def _states(model: Model) -> list[Any]:
    """The states of the generators that layers draw from while training."""
    weights = set(map(id, model.weights))
    return [variable for variable in model.variables if id(variable) not in weights]


def _every_layer(model: Model) -> list[Any]:
    return list(model._flatten_layers())


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
