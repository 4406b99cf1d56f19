"""The names of Keras's that are not public: each stands in one function, and this says which broke."""

import ast

import keras
import pytest

from butfor.engine.keras_internals import every_layer
from conftest import ROOT

ENGINE = sorted((ROOT / "scripts" / "butfor" / "engine").glob("*.py"))


def test_flatten_layers_gives_layers_inside_nested_models_and_layers():
    """Keras's `Layer._flatten_layers`, for every_layer."""

    class Outer(keras.layers.Layer):
        def __init__(self):
            super().__init__(name="outer")
            self.inner = keras.layers.Dense(2, name="inner")

        def call(self, x):
            return self.inner(x)

    nested = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="nested_dense")], name="nested")
    inputs = keras.Input((3,))
    model = keras.Model(inputs, Outer()(nested(inputs)), name="model")
    assert hasattr(model, "_flatten_layers"), "Keras's Layer._flatten_layers is gone: see engine/keras_internals.py"
    assert {"model", "nested", "nested_dense", "outer", "inner"} <= {layer.name for layer in every_layer(model)}


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.stem)
def test_private_names_are_used_in_that_file_alone(path):
    """Of others, that is: what is read of anything but `self` or `super()`."""
    taken = [
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
        if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]
    assert taken == (["_flatten_layers"] if path.stem == "keras_internals" else [])
