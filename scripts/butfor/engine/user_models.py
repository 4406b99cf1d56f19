"""The user's own models, built before they are trained: whether each keeps the word that its YAML file gives."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from butfor.data.dataset import Dataset
from butfor.data.several_inputs import mapped, taken
from butfor.engine import models
from butfor.engine.answers import answers_of, check_outputs
from butfor.engine.keras_internals import every_layer, inputs_of
from butfor.engine.layer_outputs import in_order
from butfor.engine.loop_choice import loop_for
from butfor.engine.loops import as_inputs
from butfor.engine.losses import is_worked_out_by
from butfor.engine.model_source import ModelSource, source_for
from butfor.engine.probe import Probe, structure
from butfor.engine.random_layers import ChanceLayer, Dropout
from butfor.engine.short_training import difference
from butfor.recipe.watched_figures import measures_trained_loss
from butfor.user_code import call, declaration, recipe_reading
from butfor.user_code.location import OwnCodeError

Recipe = dict[str, Any]
Model: TypeAlias = Any
UNSEEDED = (
    "Leave out the seed, and each layer has one of its own for every seed of the study; or make it seed=parts.key(name)"
)
ELSEWHERE = (
    "Something draws that neither Keras nor Python's or NumPy's own generator seeds:"
    " draw by np.random.default_rng(parts.key(name)), or use the layers of `parts`."
)
LOOKED_AT = 64
log = logging.getLogger(__name__)


def build(recipe: Recipe, dataset: Dataset, arm: str) -> list[dict[str, Any]]:
    """The layers of an own model (see `structure`), after every check that one arm allows. Raises OwnCodeError."""
    with call.attribute_errors_to(recipe["model"]["name"], f"building it for {arm}"):
        return _built(recipe, dataset, arm)


def _built(recipe: Recipe, dataset: Dataset, arm: str) -> list[dict[str, Any]]:
    reading, source = recipe_reading.Reading(recipe), source_for(recipe, dataset)
    about = dataset.vocabulary, dataset.categorical, dataset.task
    model, again, other = (
        models.build(each, source.shape, dataset.output_shape, seed, "philox", *about)
        for each, seed in ((reading, 0), (recipe, 0), (recipe, 1))
    )
    declared, layers = declaration.declaration(source.name), {layer.name for layer in every_layer(model)}
    dropouts = [x for x in every_layer(model) if isinstance(x, Dropout) and x.name.startswith("dropout_")]
    problems = (
        *_compiled(model),
        *_not_new(model, again),
        *_alike_masks(model),
        *recipe_reading.undeclared(reading, declared),
        *recipe_reading.misbuilt(recipe, declared, layers, len(dropouts)),
        *recipe_reading.settings_without_effect(reading, recipe["model"], declared),
        *_not_repeated(model, again),
        *(() if declared.get("pretrained") else _not_seeded(model, other, source.name)),
        *_mixed_numbers(model, recipe),
        *_wrong_outputs(model, recipe, source.dataset),
        *_unmeasurable(model, recipe),
    )
    for problem in problems:
        raise OwnCodeError(f"{arm}: {source.name}: {problem}")
    Probe(model, answers_of(model, recipe, dataset)).statistics(
        taken(dataset.x_train, slice(LOOKED_AT)), dataset.y_train[:LOOKED_AT]
    )
    built = structure(model)
    for problem in _training_problems(source):
        raise OwnCodeError(f"{arm}: {source.name}: {problem}")
    loop = loop_for(source)
    log.info("%s · %s: %d parameters, loop %s", arm, source.name, model.count_params(), loop)
    return built


def _compiled(model: Model) -> Iterator[str]:
    if model.compiled:
        yield (
            "expected a model that is not compiled, received one whose optimiser, loss or metrics would be replaced. Leave out"
            " compile(), and read a model from a file by load_model(…, compile=False). The recipe says the optimiser, its rate"
            " and label_smoothing; for a further term of the loss call add_loss in a layer, and for another loss write"
            " compute_loss or train_step in a subclass of keras.Model."
        )


def _not_new(model: Model, again: Model) -> Iterator[str]:
    if shared := {id(layer) for layer in every_layer(model)} & {id(layer) for layer in every_layer(again)}:
        names = sorted({layer.name for layer in every_layer(again) if id(layer) in shared})[:3]
        yield f"building it twice gave the same {', '.join(names)}; expected new layers. Make all of them in the function."


def _alike_masks(model: Model) -> Iterator[str]:
    counts = Counter(layer.name for layer in every_layer(model) if isinstance(layer, ChanceLayer))
    if twice := [name for name, count in counts.items() if count > 1]:
        yield f"expected one layer {twice[0]}, received several, which would draw the same. Give each its own place."


def _not_repeated(model: Model, again: Model) -> Iterator[str]:
    if [v.shape for v in model.variables] != [v.shape for v in again.variables]:
        yield "building twice with the same seed gave other layers; expected the same. Let it depend on its arguments only."
    elif unlike := _unlike(model.weights, again.weights):
        yield f"building twice with the same seed gave other values of {', '.join(unlike)}; expected the same. {ELSEWHERE}"


def _not_seeded(model: Model, other: Model, name: str) -> Iterator[str]:
    drawn = [v for v in model.trainable_variables if np.ptp(v.numpy()) > 0]
    if drawn and not _unlike(model.trainable_variables, other.trainable_variables):
        yield (
            f"another seed gave the same initial weights; expected others. {UNSEEDED} in its initialiser, such as"
            " kernel_initializer=keras.initializers.GlorotUniform(seed=parts.key(name)), and in a recurrent layer also"
            " recurrent_initializer=keras.initializers.Orthogonal(seed=parts.key(name)); the seed of a layer is that of its"
            f" dropout. If all weights are read from a file, write pretrained: true in {name.split(':')[0].split('.')[-1]}.yaml."
        )


def _wrong_outputs(model: Model, recipe: Recipe, dataset: Dataset) -> Iterator[str]:
    inputs = as_inputs(mapped(tf.constant, taken(dataset.x_train, slice(LOOKED_AT))))
    expected = len(dataset.y_train[:LOOKED_AT]), *dataset.output_shape
    if problem := check_outputs(model, answers_of(model, recipe, dataset), inputs, expected):
        yield problem


def _unmeasurable(model: Model, recipe: Recipe) -> Iterator[str]:
    """A loss that is watched and that only the model knows."""
    if measures_trained_loss(recipe) and is_worked_out_by(model):
        yield (
            "expected the recipe's loss alone to train where monitor: trained_loss watches it, received a model with a train_step"
            " or a compute_loss of its own. Write monitor: loss, the task's plain one."
        )


def _mixed_numbers(model: Model, recipe: Recipe) -> Iterator[str]:
    """Inputs that stand for words or kinds, of which there is nothing between two."""
    ways = [key for key in ("mixup", "cutmix") if recipe[key]]
    given = {layer.name for layer in every_layer(model) if isinstance(layer, keras.layers.InputLayer)}
    looked_up = [layer.name for layer in every_layer(model) if isinstance(layer, keras.layers.Embedding)]
    for layer in every_layer(model) if ways else ():
        if layer.name in looked_up and given & {*inputs_of(layer)}:
            yield (
                f"expected inputs between which there are others with {' and '.join(ways)}, received whole numbers that the layer"
                f" {layer.name} looks up. Leave out {' and '.join(ways)}."
            )


def _training_problems(source: ModelSource) -> Iterator[str]:
    """What two trainings of one seed differ in, and what those of two seeds have in common."""
    one, again, other = (source.short_training(seed) for seed in (0, 0, 1))  # none has been called, which may draw
    unlike, drawn = difference(one, again), {id(stream) for stream, _start in one.drawn()}
    for (stream, start), (_, repeated), (_, elsewhere) in zip(one.streams, again.streams, other.streams, strict=False):
        if id(stream) not in drawn:
            continue
        draws = f"the draws of {_holder(one.model, stream)}"
        if (start != repeated).any():
            yield f"building twice with the same seed gave {draws} another start; expected the same. {ELSEWHERE}"
        if (start == elsewhere).all():
            yield f"another seed gave {draws} the same start; expected another. {UNSEEDED}."
    if unlike:
        yield (
            f"training twice with the same seed gave other {unlike}; expected the same. Something draws while it trains:"
            " give it a keras.random.SeedGenerator(parts.key(name)) made in the function, or use the layers of `parts`."
            " If nothing does, several threads add in any order, as by scatter_add: write scatter_nd_add."
        )


def _holder(model: Model, stream: Any) -> str:
    """The name of the innermost layer that a generator belongs to, or of the model."""
    layers = [layer.name for layer in in_order(model) if any(stream is variable for variable in layer.variables)]
    return layers[-1] if layers else f"the model {model.name}"


def _unlike(first: list[Any], second: list[Any]) -> list[str]:
    pairs = zip(first, second, strict=False)
    return [one.path for one, two in pairs if not np.array_equal(one.numpy(), two.numpy(), equal_nan=True)]
