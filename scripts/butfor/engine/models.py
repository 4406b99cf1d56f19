"""Recipe to Keras model: the built-in networks, or the user's own.

Layers are named by their place (`hidden_1`, `dropout_1`, `logits`), as recipe/architectures has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import keras

from butfor.engine import keras_import
from butfor.engine.keras_internals import count_names_anew, every_layer, input_names
from butfor.engine.keras_parts import Parts
from butfor.engine.random_layers import Algorithm
from butfor.engine.unseeded_draws import seed_generators, seeded_weights
from butfor.recipe.architectures import architecture
from butfor.recipe.categories import Categorical
from butfor.recipe.tasks import CLASSIFICATION, REGRESSION
from butfor.user_code import call, declaration, location

Recipe = dict[str, Any]
Shape = tuple[int, ...] | dict[str, tuple[int, ...]]
NAMED_TWICE = re.compile(r'The name "([^"]+)" is used (\d+) times in the model')  # Keras's words
ANYTHING = (-1,)  # in place of the shape of outputs that only a model's own loss knows
_policies: dict[str, Any] = {}  # Keras's precision after the file of a model was imported, which happens once


def build(
    recipe: Recipe,
    image: Shape,
    outputs: int | tuple[int, ...],
    seed: int,
    algorithm: Algorithm,
    vocabulary: Sequence[str] = (),
    categorical: Sequence[Categorical] = (),
    task: str = CLASSIFICATION.name,
) -> keras.Model:
    """An uncompiled model with the initial weights of this seed: images `(batch, *image)` to `(batch, *outputs)`, of a built-in
    model logits or numbers.

    image: the shape of an example, or of several inputs by name. outputs: the outputs' shape, or their number; () for a model
    whose outputs only its own loss knows. algorithm: what draws masks, see random_layers. vocabulary, categorical: see
    Parts. task: what an own model that gives other outputs is told to give. Raises OwnCodeError.
    """
    parts, name = Parts(recipe, seed, algorithm, vocabulary, categorical), recipe["model"]["name"]
    shape = (outputs,) if isinstance(outputs, int) else outputs
    if location.is_own(name):
        computes = recipe["precision"] if "precision" in declaration.declaration(name)["uses"] else "float32"
        with _precision(computes):
            return _own(name, recipe, image, shape, parts, task)
    with _precision(recipe["precision"]):
        inputs = keras.Input(image, name="images", dtype="float32")
        hidden = architecture(recipe["model"]).network(
            parts.categories(parts.augmented(inputs)), recipe["model"], parts
        )
        last = keras.layers.Dense(shape[-1], dtype="float32", **parts.kernel("logits"))
        return keras.Model(inputs, last(hidden), name=name)


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    """A context whose layers compute in that precision."""
    before = keras.config.dtype_policy()
    if policy != "float32":
        keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def convolves(model: keras.Model) -> bool:
    """Whether a model convolves: XLA on a CPU compiles that to code tens of times slower than the graph."""
    kinds = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D, keras.layers.DepthwiseConv2D)
    return any(isinstance(layer, kinds) for layer in every_layer(model))


def _own(name: str, recipe: Recipe, image: Shape, outputs: tuple[int, ...], parts: Parts, task: str) -> keras.Model:
    with seeded_weights(parts.key) as chosen:
        model = _called(name, recipe, image, outputs[-1] if outputs else 0, parts)
    if not isinstance(model, keras.Model):
        raise location.OwnCodeError(f"{name}: expected a Keras model to be returned, received {type(model).__name__}.")
    if isinstance(image, dict):
        _check_names(name, model, list(image))
    given = output_shape(model, image)
    if outputs and not _fits(given, outputs):
        two = (
            " For one logit of two classes, write task: binary in the study file."
            if (given, outputs) == ((1,), (2,))
            else ""
        )
        raise location.OwnCodeError(
            f"{name}: expected outputs of shape {('batch', *outputs)}, received {('batch', *given)}. {_end(outputs, task)}{two}"
        )
    seed_generators(model, parts.key, chosen)
    return model


def _end(outputs: tuple[int, ...], task: str) -> str:
    """What to end a model with, so that it gives outputs of this shape."""
    *places, numbers = outputs
    activation = "without an activation"
    if task != REGRESSION.name:
        activation += " or with the one that makes probabilities"
    if not places:
        return f"End it with keras.layers.Dense({numbers}), {activation}."
    layer = f"Conv{len(places)}D({numbers}, 1)" if len(places) in (2, 3) else f"Dense({numbers})"
    before = ", ".join(map(str, ("'batch'", *places, "…")))
    return (
        f"End it with as many numbers in that shape, such as keras.layers.{layer} on a tensor of shape ({before}), or"
        f" Dense({prod(outputs)}) and Reshape({outputs}), {activation}."
    )


def _check_names(name: str, model: keras.Model, inputs: list[str]) -> None:
    """Raise OwnCodeError for a model of several inputs that has one which the data lack, or calls one otherwise than it does
    itself, by which it is fed once it is kept."""
    unknown = set(input_names(model) or []) - set(inputs)
    if isinstance(struct := getattr(model, "_inputs_struct", None), dict):
        unknown |= {tensor.name for key, tensor in struct.items() if tensor.name != key}
    if unknown:
        ends = ", ".join(f'keras.Input(shape["{each}"], name="{each}")' for each in inputs)
        raise location.OwnCodeError(
            f"{name}: expected inputs that are called as those of the data, {', '.join(inputs)}, or some of them, received"
            f" {', '.join(sorted(unknown))}. Write {ends}."
        )


def output_shape(model: keras.Model, image: Shape) -> tuple[int | None, ...]:
    """The shape of what a model gives for one example, ANYTHING where it gives several things; a subclass of keras.Model that
    knows no inputs is built by being called."""
    if getattr(model, "inputs", None):
        given = model.outputs
    elif isinstance(image, dict):
        given = model({name: keras.Input(shape, name=name) for name, shape in image.items()})
    else:
        given = model(keras.Input(image, name="images"))
    tensors = given if isinstance(given, list | tuple) else list(given.values()) if isinstance(given, dict) else [given]
    return tuple(tensors[0].shape[1:]) if len(tensors) == 1 else ANYTHING


def _fits(given: tuple[int | None, ...], outputs: tuple[int, ...]) -> bool:
    return len(given) == len(outputs) and all(
        size in (None, wanted) for size, wanted in zip(given, outputs, strict=True)
    )


def _called(name: str, recipe: Recipe, image: Shape, classes: int, parts: Parts) -> Any:
    """What the user's function returns, called as if it were the first: names of layers are counted from the start, and
    Keras's settings are butfor's, but for the precision that the function's file or the function itself sets."""
    count_names_anew()
    keras_import.pin()
    function = call.load(name)
    keras.config.set_dtype_policy(_policies.setdefault(name, keras.config.dtype_policy()))
    call.check_arguments(name, function, ("recipe", "shape", "classes", "parts"))
    try:
        model = function(recipe, dict(image) if isinstance(image, dict) else image, classes, parts)
    except ValueError as error:
        if (layer := NAMED_TWICE.search(str(error))) is None:
            raise
        raise location.OwnCodeError(
            f"{name}: expected another name for each layer, received {layer[1]} {layer[2]} times. Number the places of dropout,"
            " as in parts.dropout(x, 1) and parts.dropout(x, 2), and pass other names to the other parts."
        ) from error
    if changed := keras_import.pin(precision=False):
        words = ", ".join(f"{key} to {theirs}" for key, (theirs, _ours) in changed.items())
        raise location.OwnCodeError(
            f"{name}: expected Keras's settings left as they are, received a change of {words}. Give dtype= or data_format="
            " to the layers that it is for."
        )
    return model
