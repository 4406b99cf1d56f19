"""The names of Keras's that are not public: each stands in one function, and this says which broke."""

import ast

import keras
import pytest

from butfor.engine.keras_internals import count_names_anew, every_layer, last_function, moments, sources_of, sublayers
from butfor.engine.layer_paths import in_order
from conftest import ROOT

ENGINE = sorted((ROOT / "scripts" / "butfor" / "engine").glob("*.py"))


def test_flatten_layers_gives_layers_inside_nested_models_and_layers():
    """Keras's `Layer._flatten_layers`, for every_layer and sublayers."""

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
    assert [layer.name for layer in sublayers(model.get_layer("outer"))] == ["inner"]
    assert [layer.name for layer in in_order(model)][1:] == ["nested", "nested_dense", "outer", "inner"]


def test_inbound_nodes_give_what_a_layer_takes():
    """Keras's `Layer._inbound_nodes`, for sources_of."""
    inputs = keras.Input((3,), name="given")
    dense = keras.layers.Dense(2)
    dense(inputs)
    assert ([source.name for source in sources_of(dense)], sources_of(keras.layers.Dense(2))) == (["given"], [])


def test_the_last_function_is_seen_through_what_gives_values_another_shape_or_type():
    """Keras's `KerasTensor._keras_history`, for last_function."""
    inputs = keras.Input((4,))
    ends = [
        (keras.layers.Dense(3, "softmax"), "softmax"), (keras.layers.Dense(3), "linear"), (keras.layers.Softmax(), "softmax"),
        (keras.Sequential([keras.layers.Dense(4, "sigmoid"), keras.layers.Reshape((2, 2))]), "sigmoid"),
        (keras.layers.Lambda(keras.ops.softmax), "lambda"),
    ]  # fmt: skip
    for layer, name in ends:
        assert last_function(keras.Model(inputs, layer(inputs))) == name
        cast = keras.layers.Activation("linear", dtype="float32")(layer(inputs))
        assert last_function(keras.Model(inputs, cast)) == name
    assert last_function(keras.Model(inputs, keras.ops.sigmoid(inputs))) == "sigmoid"


def test_an_optimiser_s_lists_are_its_moments():
    """Keras's `Optimizer._trainable_variables`, for moments."""
    optimiser, dense = keras.optimizers.Adam(), keras.layers.Dense(2)
    dense.build((None, 3))
    optimiser.build(dense.trainable_variables)
    found = moments(optimiser)
    assert {name: [tuple(one.shape) for one in kept] for name, kept in found.items()} == {
        name: [(3, 2), (2,)] for name in ("momentums", "velocities")
    }


def test_names_are_counted_anew():
    """Keras's `naming.reset_uids`, for count_names_anew."""
    names = []
    for _ in range(2):
        count_names_anew()
        names.append(keras.layers.Dense(2).name)
    assert names == ["dense", "dense"]


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.stem)
def test_private_names_are_used_in_that_file_alone(path):
    """Of others, that is: what is read of anything but `self`, `super()` or an `other` of the same class."""
    taken = [
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
        if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls", "other"))
    ]
    private = {"_flatten_layers", "_trainable_variables", "_inbound_nodes", "_keras_history"}
    private |= {"_iterations", "_model_variables_moving_average", "_loss_tracker"}
    assert {*taken} == (private if path.stem == "keras_internals" else set())
