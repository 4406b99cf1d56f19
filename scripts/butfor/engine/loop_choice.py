"""The loop that trains a recipe: the one that it names, or the fastest that can."""

from __future__ import annotations

import logging
import math

import keras
import numpy as np
import tensorflow as tf

from butfor.data.several_inputs import taken
from butfor.engine import loops, models
from butfor.engine.answers import answers_of
from butfor.engine.compiled_model import prepare, step_graph
from butfor.engine.loops import Loop
from butfor.engine.model_source import ModelSource
from butfor.recipe.architectures import architecture
from butfor.user_code.location import OwnCodeError

SHORT = 500  # steps of a run: with three seeds XLA would compile for longer than it saves (docs/benchmarks.md)
log = logging.getLogger(__name__)


def loop_for(source: ModelSource) -> Loop:
    """What the recipe says, and for "auto" XLA, unless the graph is faster or XLA cannot train the model.

    On a CPU the graph is faster for short trainings, start-up included; for convolutions; and for draws by generators of
    Keras's, each value of which takes XLA a hundred times as long. Raises OwnCodeError where XLA was asked for and cannot.
    """
    asked: Loop = source.recipe["loop"]
    if asked in ("graph", "fit") or (asked == "xla" and not source.trains_own_code):
        return asked
    on_cpu = not tf.config.list_physical_devices("GPU")
    if on_cpu and _is_short(source) and source.recipe["loop"] == "auto":
        return "graph"
    if not source.trains_own_code:
        return "graph" if on_cpu and architecture(source.recipe["model"]).convolves else "xla"
    model = source.build(seed=0)
    if asked != "xla" and on_cpu and models.convolves(model):
        return "graph"
    return _loop_for_own(source, model, on_cpu)


def _is_short(source: ModelSource) -> bool:
    recipe = source.recipe
    return bool(recipe["epochs"] * math.ceil(len(source.dataset.y_train) / recipe["batch_size"]) < SHORT)


def _loop_for_own(source: ModelSource, model: keras.Model, on_cpu: bool) -> Loop:
    recipe, data = source.recipe, source.dataset
    rates = prepare(model, recipe, np.ones(2, np.float32), answers_of(model, recipe, data))
    size = recipe["batch_size"]
    graph = step_graph(model, rates, data, size)
    if graph.draws and on_cpu and recipe["loop"] != "xla":
        log.info("%s: trained by the graph loop, since XLA is slow on a CPU at what its layers draw", source.name)
        return "graph"
    if graph.predicts_by_draws:
        obstacle = "what it draws for predictions, too, XLA would draw otherwise in training"
    elif failure := loops.xla_obstacle(model, taken(data.x_train, slice(size)), data.y_train[:size], size):
        obstacle = f"XLA cannot compile it: {failure}"
    else:
        return "xla"
    if recipe["loop"] == "xla":
        raise OwnCodeError(f"{source.name}: {obstacle}. Write loop: graph in the recipe.")
    log.info("%s: trained by the graph loop: %s", source.name, obstacle)
    return "graph"
