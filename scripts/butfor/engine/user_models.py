"""The user's own models, built before they are trained: whether each keeps the word that its YAML file gives."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from butfor.data.dataset import Dataset
from butfor.engine import models
from butfor.engine.keras_internals import every_layer
from butfor.engine.probe import Probe, structure
from butfor.engine.random_layers import Dropout
from butfor.user_code import call, declaration, recipe_reading
from butfor.user_code.location import OwnCodeError

Recipe = dict[str, Any]
Model: TypeAlias = Any
REMEDY = "Pass seed=parts.key(name) to whatever draws, or use the layers of `parts`."
LOOKED_AT = 64
log = logging.getLogger(__name__)


def build(recipe: Recipe, dataset: Dataset, arm: str) -> list[dict[str, Any]]:
    """The layers of an own model (see `structure`), after every check that one arm allows. Raises OwnCodeError."""
    with call.attribute_errors_to(recipe["model"]["name"], f"building it for {arm}"):
        return _built(recipe, dataset, arm)


def _built(recipe: Recipe, dataset: Dataset, arm: str) -> list[dict[str, Any]]:
    reading = recipe_reading.Reading(recipe)
    model, again, other = (_model(each, dataset, seed) for each, seed in ((reading, 0), (recipe, 0), (recipe, 1)))
    name = recipe["model"]["name"]
    declared, layers = declaration.declaration(name), {layer.name for layer in model.layers}
    dropouts = [x for x in every_layer(model) if isinstance(x, Dropout) and x.name.startswith("dropout_")]
    problems = (
        *_foreign_draws(model),
        *recipe_reading.undeclared(reading, declared),
        *recipe_reading.misbuilt(recipe, declared, layers, len(dropouts)),
        *recipe_reading.settings_without_effect(reading, recipe["model"], declared),
        *_not_repeated(model, again),
        *_not_seeded(model, other),
        *_not_logits(model, dataset),
    )
    for problem in problems:
        raise OwnCodeError(f"{arm}: {name}: {problem}")
    Probe(model).statistics(dataset.x_train[:LOOKED_AT], dataset.y_train[:LOOKED_AT])
    log.info("%s · %s: %d parameters", arm, name, model.count_params())
    return structure(model)


def _model(recipe: Recipe, dataset: Dataset, seed: int) -> Model:
    try:
        return models.build(recipe, dataset.x_train.shape[1:], dataset.classes, seed, "philox")
    except AttributeError as failure:
        if failure.name != "output_shape":
            raise
        raise OwnCodeError(
            f"{recipe['model']['name']}: expected a model made with keras.Model(inputs, outputs), received one without"
            f" inputs: {failure}. Begin with keras.Input(shape)."
        ) from failure


def _foreign_draws(model: Model) -> Iterator[str]:
    for layer in every_layer(model):
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


def _not_logits(model: Model, dataset: Dataset) -> Iterator[str]:
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
