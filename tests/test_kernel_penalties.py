"""Penalties that are summed in lanes are Keras's: gradients of one to the bit, values and gradients of two but for rounding."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from butfor.engine.kernel_penalties import LanedPenalty, sum_in_lanes
from conftest import resolved
from keras_training import arm_runs

SHAPES = [(784, 256), (128, 10), (3, 3, 1, 8), (7, 5), (1,)]  # lanes: 16, 16, 8, 1, 1
SIZES = [(0.0, 1e-5), (2e-4, 0.0), (3e-4, 0.02)]


def of(penalty, kernel, compiled):
    """A penalty and its gradient."""

    @tf.function(jit_compile=compiled)
    def both(kernel):
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            value = penalty(kernel)
        return value, tape.gradient(value, kernel)

    return [tensor.numpy() for tensor in both(tf.constant(kernel))]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("l1", "l2"), SIZES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_penalty_in_lanes_is_that_of_keras(shape, l1, l2, compiled):
    kernel = np.random.default_rng(0).normal(0, 0.1, shape).astype(np.float32)
    kernel.flat[0] = 0.0  # where the slope of |w| is Keras's 0
    value, slope = of(LanedPenalty(l1, l2), kernel, compiled)
    exact = l1 * np.abs(kernel, dtype=float).sum() + l2 * np.square(kernel, dtype=float).sum()
    assert value == pytest.approx(exact, rel=1e-5)
    np.testing.assert_array_equal(slope, of(keras.regularizers.L1L2(l1, l2), kernel, compiled)[1])


def test_only_what_is_of_keras_is_replaced_and_what_is_kept_of_a_model_has_it_still():
    own = keras.regularizers.OrthogonalRegularizer(0.1)
    layers = [keras.layers.Dense(4, kernel_regularizer=one) for one in (keras.regularizers.L2(0.2), own, None)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    before = float(sum(model.losses))
    sum_in_lanes(model)
    first, second, third = (layer.kernel.regularizer for layer in layers)
    assert isinstance(first, LanedPenalty) and first.get_config() == {"l1": 0.0, "l2": pytest.approx(0.2)}
    assert second is own and third is None
    assert float(sum(model.losses)) == pytest.approx(before, rel=1e-5)
    kept = keras.models.clone_model(model).layers
    assert type(kept[0].kernel.regularizer) is keras.regularizers.L2


@pytest.mark.parametrize(
    ("l1", "l2"),
    [
        pytest.param(*sizes, marks=[pytest.mark.long] * (sizes != (3e-4, 0.02))) for sizes in SIZES
    ],  # of one alone: to the bit
)
def test_a_training_with_them_has_the_weights_of_one_without(digits_data, monkeypatch, l1, l2):
    model = {"name": "mlp", "widths": [16, 8]}
    settings = resolved(model=model, l1=l1, l2=l2, epochs=2, batch_size=25, loop="xla")
    laned = arm_runs(settings, digits_data)
    monkeypatch.setattr("butfor.engine.kernel_penalties.sum_in_lanes", lambda model: None)
    own = arm_runs(settings, digits_data)
    found, plain = laned.train(0), own.train(0)
    kinds = [
        {type(variable.regularizer) for variable in arm.engine.model.trainable_variables if variable.regularizer}
        for arm in (laned, own)
    ]
    assert kinds == [{LanedPenalty}, {keras.regularizers.L1L2}]
    for ours, its in zip(laned.engine.weights(), own.engine.weights(), strict=True):
        np.testing.assert_allclose(ours, its, rtol=0, atol=1e-6 if l1 and l2 else 0)
    assert [row["objective"] for row in found.history] == pytest.approx([row["objective"] for row in plain.history])
