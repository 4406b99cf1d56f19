"""Recipe to Keras model: the built-in networks, or the user's own.

Layers are named by their place (`hidden_1`, `dropout_1`, `logits`), as butfor.anatomy says.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import keras

from butfor import anatomy, own_code
from butfor.parts import Parts

Recipe = dict[str, Any]
Tensor: TypeAlias = Any


def build(recipe: Recipe, image: tuple[int, ...], classes: int, seed: int, algorithm: str) -> keras.Model:
    """An uncompiled model with the initial weights of this seed: images `(batch, *image)` to logits `(batch, classes)`.

    algorithm: what draws masks, see butfor.chance_layers. Raises OwnCodeError.
    """
    parts, name = Parts(recipe, seed, algorithm), recipe["model"]["name"]
    if ":" in name:
        return _own(name, recipe, image, classes, parts)
    networks = {"mlp": _mlp, "cnn": _cnn, "residual_mlp": _residual_mlp, "residual_cnn": _residual_cnn}
    inputs = keras.Input(image, name="images")
    hidden = networks[name](parts.augmented(inputs), recipe["model"], parts)
    return keras.Model(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(hidden), name=name)


def convolves(model: keras.Model) -> bool:
    """Whether a model convolves: XLA on a CPU compiles that to code tens of times slower than the graph."""
    kinds = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D, keras.layers.DepthwiseConv2D)
    return any(isinstance(layer, kinds) for layer in model._flatten_layers())


def _own(name: str, recipe: Recipe, image: tuple[int, ...], classes: int, parts: Parts) -> keras.Model:
    model = own_code.load(name)(recipe, image, classes, parts)
    if not isinstance(model, keras.Model):
        raise own_code.OwnCodeError(f"{name}: expected a Keras model to be returned, received {type(model).__name__}.")
    if tuple(model.output_shape) != (None, classes):
        raise own_code.OwnCodeError(
            f"{name}: expected logits of shape (batch, {classes}), received {model.output_shape}."
        )
    return model


def _mlp(x: Tensor, model: Recipe, parts: Parts) -> Tensor:
    x = parts.input_dropout(keras.layers.Flatten(name="flatten")(x))
    for place, width in enumerate(anatomy.widths(model), start=1):
        x = parts.dropout(parts.dense(x, width, f"hidden_{place}", model["activation"]), place)
    return x


def _cnn(x: Tensor, model: Recipe, parts: Parts) -> Tensor:
    x = parts.input_dropout(_with_channel(x))
    for place, filters in enumerate(model["filters"], start=1):
        x = parts.convolution(x, filters, model["kernel"], f"convolution_{place}", model["activation"])
        x = parts.spatial_dropout(keras.layers.MaxPooling2D(name=f"pooling_{place}")(x), place)
    x = keras.layers.Flatten(name="flatten")(x)
    return parts.dropout(parts.dense(x, model["width"], "hidden_1", model["activation"]))


def _residual_mlp(x: Tensor, model: Recipe, parts: Parts) -> Tensor:
    """He et al. 2016, figure 2, with dense layers."""
    activation = model["activation"]
    x = parts.dense(parts.input_dropout(keras.layers.Flatten(name="flatten")(x)), model["width"], "stem", activation)
    for place in range(1, model["blocks"] + 1):
        inside = parts.dense(x, model["width"], f"block_{place}_a", activation)
        inside = parts.dense(inside, model["width"], f"block_{place}_b", "linear")
        x = _joined(x, inside, f"block_{place}", activation)
        x = parts.dropout(x, place)
    return x


def _residual_cnn(x: Tensor, model: Recipe, parts: Parts) -> Tensor:
    """He et al. 2016, figure 3, on the right, without its first pooling."""
    activation, side = model["activation"], model["kernel"]
    x = parts.convolution(parts.input_dropout(_with_channel(x)), model["filters"][0], side, "stem", activation)
    number = 0
    for stage, filters in enumerate(model["filters"], start=1):
        for block in range(1, model["blocks"] + 1):
            number += 1
            name, stride = f"stage_{stage}_block_{block}", 2 if stage > 1 and block == 1 else 1
            inside = parts.convolution(x, filters, side, f"{name}_a", activation, stride)
            inside = parts.convolution(inside, filters, side, f"{name}_b", "linear")
            if stage > 1 and block == 1:
                x = parts.convolution(x, filters, 1, f"stage_{stage}_shortcut", "linear", stride)
            x = parts.spatial_dropout(_joined(x, inside, name, activation), number)
    return parts.dropout(keras.layers.GlobalAveragePooling2D(name="pooling")(x))


def _joined(x: Tensor, inside: Tensor, name: str, activation: str) -> Tensor:
    return keras.layers.Activation(activation, name=f"{name}_out")(keras.layers.Add(name=f"{name}_sum")([x, inside]))


def _with_channel(x: Tensor) -> Tensor:
    return x if len(x.shape) == 4 else keras.layers.Reshape((*x.shape[1:], 1), name="channel")(x)
