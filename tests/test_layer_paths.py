"""Layers of one name in a model: a record tells them apart, by their paths, and leaves every other name as it is."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from butfor.checks.footprints.initial_weights import kernel_fault
from butfor.engine.answers import Answers
from butfor.engine.layer_paths import LayerPaths, in_order
from butfor.engine.probe import Probe, structure
from butfor.fingerprint import digest
from butfor.recipe.tasks import CLASSIFICATION
from butfor.records.layer_names import bare, renumbered


def tower(name, units=4):
    layers = keras.layers.Dense(units, name="hidden"), keras.layers.Activation("tanh", name="hidden_activation")
    return keras.Sequential([keras.Input((3,)), *layers], name=name)


class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.student = student
        self.teacher = teacher

    def call(self, x):
        return self.student(x)


@pytest.fixture
def towers():
    inputs = keras.Input((3,))
    left, right = tower("left"), tower("right")
    both = keras.layers.Concatenate(name="both")([left(inputs), right(inputs)])
    return keras.Model(inputs, keras.layers.Dense(2, name="logits")(both))


def named(model):
    names = LayerPaths(model).names
    return [names[id(layer)] for layer in in_order(model)]


def test_layers_of_one_name_are_told_by_their_paths_and_others_by_their_names(towers):
    pairs = [f"{side}{layer}" for side in ("left", "right") for layer in ("", "/hidden", "/hidden_activation")]
    assert [name for name in named(towers) if not name.startswith("input")] == [*pairs, "both", "logits"]
    digests = Probe(towers).initial_digests()
    expected = {f"{side}/hidden": towers.get_layer(side).get_layer("hidden") for side in ("left", "right")}
    expected["logits"] = towers.get_layer("logits")
    assert digests["weights"] == {name: digest(layer.kernel.numpy()) for name, layer in expected.items()}
    assert list(digests["biases"]) == list(expected) and not digests["others"]
    rows = {row["layer"]: row for row in structure(towers)}
    assert len(rows) == len(structure(towers)) and rows["both"]["inputs"] == ["left", "right"]
    assert rows["left/hidden_activation"]["inputs"] == ["left/hidden"]


def test_what_leaves_a_layer_is_measured_by_the_function_beside_it(towers):
    """And not by that of another layer of the name."""
    towers.get_layer("left").get_layer("hidden").kernel.assign(np.zeros((3, 4)))
    images, labels = np.ones((6, 3), np.float32), np.zeros(6, np.int32)
    rows = {row["layer"]: row for row in Probe(towers, Answers(CLASSIFICATION)).statistics(images, labels)}
    assert rows["left/hidden"]["activations"]["rms"] == 0 < rows["right/hidden"]["activations"]["rms"]
    assert {rows[f"{side}/hidden"]["activation"] for side in ("left", "right")} == {"tanh"}


@pytest.mark.parametrize("first", ["student", "teacher"])
def test_the_order_of_a_model_s_parts_leaves_no_weights_out(first):
    model = Distiller(tower("student"), tower("teacher"))
    if first == "teacher":
        model._layers.reverse()
    weights = Probe(model).initial_digests()["weights"]
    kernels = {name: getattr(model, name).get_layer("hidden").kernel.numpy() for name in ("student", "teacher")}
    assert weights == {f"{name}/hidden": digest(kernel) for name, kernel in kernels.items()}


def test_layers_of_one_path_are_numbered():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, [tower("one")(inputs)])
    again = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="hidden")], name="one")

    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = model.get_layer("one"), again

        def call(self, x):
            return self.first(x) + self.second(x)

    assert named(Two()) == ["one", "one/hidden", "hidden_activation", "one#2", "one/hidden#2"]


def test_the_cells_of_recurrent_layers_are_two():
    inputs = keras.Input((5, 2))
    hidden = keras.layers.LSTM(3, return_sequences=True, name="lower")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, name="logits")(keras.layers.LSTM(3, name="upper")(hidden)))
    assert list(Probe(model).initial_digests()["weights"]) == ["lower/lstm_cell", "upper/lstm_cell", "logits"]


def test_names_that_keras_counts_follow_their_place_within_a_path_too():
    """As in an arm with another layer before them."""
    cells = [("lstm_4", "LSTM"), ("lstm_4/lstm_cell", "LSTMCell"), ("lstm_5", "LSTM"), ("lstm_5/lstm_cell", "LSTMCell")]
    assert list(renumbered(cells).values()) == ["lstm", "lstm/lstm_cell", "lstm#2", "lstm/lstm_cell#2"]
    student = [("student/conv2d_2", "Conv2D"), ("student/conv2d_3", "Conv2D"), ("teacher/conv2d", "Conv2D")]
    assert list(renumbered(student).values()) == ["student/conv2d", "student/conv2d#2", "teacher/conv2d"]
    assert renumbered([("dense_1", "Dense"), ("dense", "Dense"), ("left_1", "Dense")]) == {
        "dense_1": "dense", "dense": "dense#2", "left_1": "left_1",
    }  # fmt: skip
    assert [bare(name) for name in ("hidden", "left/hidden", "left/hidden#2")] == ["hidden"] * 3


def test_an_initialiser_of_a_layer_holds_in_every_model_that_has_one_of_the_name():
    """As the recipe names layers, by their bare names."""
    settings = {"name": "constant", "value": 0.5}
    recipe = {"layer_initialisers": {"hidden": settings}, "initialiser": settings, "model": {"name": "mine:build"}}
    rows = [
        {"layer": f"{side}/hidden", "shape": [3, 4], "weights": {"quantiles": [value] * 7}}
        for side, value in (("left", 0.5), ("right", 0.4))
    ]
    fault = kernel_fault(SimpleNamespace(recipe=recipe, layers={"start": rows}), only=True)
    assert fault == "right/hidden under constant: expected every weight 0.5, received 0.4 to 0.4"
