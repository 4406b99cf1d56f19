"""The loop that trains a recipe: the one that it names, or the fastest that can."""

from __future__ import annotations

import logging

import tensorflow as tf

from butfor.engine import loops, models
from butfor.engine.loops import Loop
from butfor.engine.model_source import ModelSource
from butfor.user_code.location import OwnCodeError

log = logging.getLogger(__name__)


def loop_for(source: ModelSource) -> Loop:
    """What the recipe says, and for "auto" XLA, unless the graph is faster or XLA cannot compile the model.

    On a CPU the graph is faster for convolutions, and for draws by generators of Keras's, each value of which takes XLA a
    hundred times as long. Raises OwnCodeError where XLA was asked for and cannot.
    """
    model = source.build(seed=0)
    loop = loops.loop_for(source.recipe, models.convolves(model))
    if loop != "xla" or not source.is_own:
        return loop
    asked, short = source.recipe["loop"] == "xla", source.short_training(seed=0)
    obstacle = short.xla_obstacle()
    if obstacle and asked:
        raise OwnCodeError(f"{source.name}: XLA cannot compile it: {obstacle}. Write loop: graph in the recipe.")
    if obstacle:
        log.info("%s: trained by the graph loop, since XLA cannot compile %s", source.name, obstacle)
    elif asked or tf.config.list_physical_devices("GPU") or not short.draws():
        return "xla"
    else:
        log.info("%s: trained by the graph loop, since XLA is slow on a CPU at what its layers draw", source.name)
    return "graph"
