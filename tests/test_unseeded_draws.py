"""What a user's own model draws without a seed follows the seed of the run, and what else is in the model does not move it."""

import random

import keras
import numpy as np
import pytest

from butfor.engine.keras_internals import count_names_anew
from butfor.engine.keras_parts import Parts
from butfor.engine.unseeded_draws import seed_generators, seeded_weights
from butfor.engine.variable_names import named
from conftest import resolved

L = keras.layers


class Turned(L.Layer):
    """Turns its inputs by weights whose initialiser is Keras's default, twice without a name."""

    def build(self, shape):
        self.weights_of = [self.add_weight(shape=(shape[-1], shape[-1])) for _ in range(2)]

    def call(self, x):
        return keras.ops.matmul(keras.ops.matmul(x, self.weights_of[0]), self.weights_of[1])


def made(seed, without=""):
    """The weights and generators, by name, of a model in which nothing is seeded."""
    count_names_anew()
    parts = Parts(resolved(), seed, "philox")
    with seeded_weights(parts.key) as chosen:
        x, shared = (inputs := keras.Input((8, 8))), keras.initializers.HeNormal()
        x = x if without == "front" else L.Conv1D(8, 3, padding="same", name="front")(x)
        x = L.Bidirectional(L.LSTM(4, return_sequences=True))(x)
        x = L.Dropout(0.2)(L.LSTM(8, return_sequences=True, dropout=0.2)(L.LSTM(8, return_sequences=True)(x)))
        x = L.MultiHeadAttention(2, 4, dropout=0.2)(x, x)
        x = Turned()(L.Dense(8, "relu", kernel_initializer=shared)(L.Dense(8, "relu", kernel_initializer=shared)(x)))
        x = L.Dense(8, kernel_initializer=keras.initializers.Constant(float(np.random.normal() + random.random())))(x)
        model = keras.Model(inputs, L.Dense(3, name="logits")(L.Flatten()(x)))
    seed_generators(model, parts.key, chosen)
    generators = [v for v in model.variables if v.path.endswith("seed_generator_state")]
    return {name: v.numpy() for name, v in named(model).items()}, [tuple(v.numpy().tolist()) for v in generators]


def test_the_same_seed_draws_the_same_and_another_seed_something_else():
    (weights, generators), (again, same), (other, others) = made(0), made(0), made(1)
    assert generators == same and not {*generators} & {*others} and len({*generators}) == len(generators)
    assert all(np.array_equal(again[name], value) for name, value in weights.items())
    drawn = [name for name, value in weights.items() if np.ptp(value) > 0 and "bias" not in name]
    assert len(drawn) > 15 and not any(np.array_equal(weights[name], other[name]) for name in drawn)


def test_no_two_weights_are_drawn_alike():
    drawn = [value.tobytes() for name, value in made(0)[0].items() if value.shape == (8, 8) and np.ptp(value) > 0]
    assert len({*drawn}) == len(drawn) == 4


def test_a_layer_that_is_left_out_leaves_what_the_others_draw():
    (weights, generators), (fewer, same) = made(0), made(0, without="front")
    assert {*weights} - {*fewer} == {"front/kernel", "front/bias"} and generators == same
    assert all(np.array_equal(value, weights[name]) for name, value in fewer.items() if name != "dense/kernel#3")


def test_pythons_and_numpys_own_generators_go_on_as_if_nothing_had_been_drawn():
    random.seed(3)
    np.random.seed(3)
    expected = random.random(), np.random.random()
    random.seed(3)
    np.random.seed(3)
    made(0)
    assert (random.random(), np.random.random()) == expected
    assert keras.layers.Layer.add_weight.__module__.startswith("keras")


@pytest.mark.parametrize("given", [int, keras.random.SeedGenerator])
def test_a_seed_that_was_given_stays(given):
    with seeded_weights(Parts(resolved(), 0, "philox").key):
        layer = L.Dense(4, kernel_initializer=keras.initializers.HeNormal(seed=given(5)))
        layer.build((None, 3))
    again = keras.initializers.HeNormal(seed=given(5))
    assert np.array_equal(layer.kernel.numpy(), again((3, 4)).numpy())
