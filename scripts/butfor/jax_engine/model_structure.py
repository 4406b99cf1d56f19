"""The layers of a model as records tell of them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from butfor.engine.keras_internals import every_layer


def structure(model: keras.Model) -> list[dict[str, Any]]:
    """The layers of a model in order (see Engine.structure)."""
    return [
        {
            "layer": layer.name,
            "class": type(layer).__name__,
            "shape": list(layer.output.shape[1:]),
            "parameters": int(sum(np.prod(variable.shape) for variable in layer.trainable_variables)),
            "inputs": [node.operation.name for node in layer._inbound_nodes[0].parent_nodes],
            **({"activation": layer.activation.__name__} if hasattr(layer, "activation") else {}),
            **({"settings": settings} if (settings := _normalises_with(layer)) else {}),
        }
        for layer in every_layer(model)
        if layer is not model
    ]


def _normalises_with(layer: Any) -> dict[str, float]:
    if not isinstance(layer, keras.layers.BatchNormalization | keras.layers.LayerNormalization):
        return {}
    return {key: float(getattr(layer, key)) for key in ("momentum", "epsilon") if hasattr(layer, key)}
