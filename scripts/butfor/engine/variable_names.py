"""Names of a model's variables that stay the same whatever else a process has built."""

from __future__ import annotations

import re
from typing import Any

import keras

from butfor.engine.keras_internals import every_layer
from butfor.records.layer_names import is_counted


def named(model: keras.Model) -> dict[str, Any]:
    """Every weight of a model by its path, such as hidden_1/kernel or block/hidden_1/kernel.

    Keras numbers layers without a name by how many the process has made; they are numbered here by their order in the model:
    dense/kernel, dense/kernel#2.
    """
    counted = {layer.name for layer in every_layer(model) if is_counted(layer.name, type(layer).__name__)}
    variables: dict[str, Any] = {}
    for variable in [*model.trainable_weights, *model.non_trainable_weights]:
        parts = variable.path.split("/")
        plain = "/".join(re.sub(r"_\d+$", "", part) if part in counted else part for part in parts)
        number = 1
        while (name := plain if number == 1 else f"{plain}#{number}") in variables:
            number += 1
        variables[name] = variable
    return variables
