"""Recipe to Keras model: the built-in networks, or the user's own.

Layers are named by their place (`hidden_1`, `dropout_1`, `logits`), as recipe/architectures has them.
"""

from __future__ import annotations

from typing import Any

import keras

from butfor.engine import keras_import
from butfor.engine.keras_internals import count_names_anew, every_layer
from butfor.engine.keras_parts import Parts
from butfor.engine.random_layers import Algorithm
from butfor.engine.unseeded_draws import seed_generators, seeded_weights
from butfor.recipe.architectures import architecture
from butfor.user_code import call, location

Recipe = dict[str, Any]
_policies: dict[str, Any] = {}  # Keras's precision after the file of a model was imported, which happens once


def build(recipe: Recipe, image: tuple[int, ...], classes: int, seed: int, algorithm: Algorithm) -> keras.Model:
    """An uncompiled model with the initial weights of this seed: images `(batch, *image)` to logits `(batch, classes)`.

    algorithm: what draws masks, see random_layers. Raises OwnCodeError.
    """
    parts, name = Parts(recipe, seed, algorithm), recipe["model"]["name"]
    if ":" in name:
        return _own(name, recipe, image, classes, parts)
    inputs = keras.Input(image, name="images")
    hidden = architecture(recipe["model"]).network(parts.augmented(inputs), recipe["model"], parts)
    return keras.Model(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(hidden), name=name)


def convolves(model: keras.Model) -> bool:
    """Whether a model convolves: XLA on a CPU compiles that to code tens of times slower than the graph."""
    kinds = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D, keras.layers.DepthwiseConv2D)
    return any(isinstance(layer, kinds) for layer in every_layer(model))


def _own(name: str, recipe: Recipe, image: tuple[int, ...], classes: int, parts: Parts) -> keras.Model:
    with seeded_weights(parts.key) as chosen:
        model = _called(name, recipe, image, classes, parts)
    if not isinstance(model, keras.Model):
        raise location.OwnCodeError(f"{name}: expected a Keras model to be returned, received {type(model).__name__}.")
    if not getattr(model, "inputs", None):
        raise location.OwnCodeError(
            f"{name}: expected a model that knows its inputs, received keras.{type(model).__name__} without any."
            " Begin a Sequential with keras.Input(shape), and return keras.Model(inputs, outputs) in place of a subclass."
        )
    if tuple(model.output_shape) != (None, classes):
        two = ", of which two classes need two, too" if model.output_shape[-1] == 1 and classes == 2 else ""
        raise location.OwnCodeError(
            f"{name}: expected logits of shape (batch, {classes}), received {model.output_shape}. End it with"
            f" keras.layers.Dense(classes), without an activation: a logit for each class{two}."
        )
    seed_generators(model, parts.key, chosen)
    return model


def _called(name: str, recipe: Recipe, image: tuple[int, ...], classes: int, parts: Parts) -> Any:
    """What the user's function returns, called as if it were the first: names of layers are counted from the start, and
    Keras's settings are butfor's, but for the precision that the function's file or the function itself sets."""
    count_names_anew()
    keras_import.pin()
    function = call.load(name)
    keras.config.set_dtype_policy(_policies.setdefault(name, keras.config.dtype_policy()))
    call.check_arguments(name, function, ("recipe", "shape", "classes", "parts"))
    model = function(recipe, image, classes, parts)
    if changed := keras_import.pin(precision=False):
        words = ", ".join(f"{key} to {theirs}" for key, (theirs, _ours) in changed.items())
        raise location.OwnCodeError(
            f"{name}: expected Keras's settings left as they are, received a change of {words}. Give dtype= or data_format="
            " to the layers that it is for."
        )
    return model
