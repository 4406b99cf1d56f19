"""What leaves layers of a model in one forward pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import tensorflow as tf

from butfor.engine.keras_internals import Layer

Outputs = dict[int, tf.Tensor]


@contextmanager
def recorded(layers: Iterable[Layer]) -> Iterator[Outputs]:
    """A context in which the layers' outputs are kept, by the layer's id: of several calls the last. What a layer gives inside
    a compiled function, or more than one tensor at a time, is not.
    """
    every, outputs = list({id(layer): layer for layer in layers}.values()), Outputs()
    for layer in every:
        object.__setattr__(layer, "call", partial(_keeping, layer.call, outputs, id(layer)))
    try:
        yield outputs
    finally:
        for layer in every:
            object.__delattr__(layer, "call")


def _keeping(call: Any, outputs: Outputs, key: int, *inputs: Any, **settings: Any) -> Any:
    output = call(*inputs, **settings)
    if tf.is_tensor(output) and tf.executing_eagerly():
        outputs[key] = output
    return output
