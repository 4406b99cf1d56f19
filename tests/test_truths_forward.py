"""What initial weights do to activations and to the first loss, layer by layer, before any training.

Inputs are like pixels: 784 numbers from 0 to 1 of which half are 0, the others uniform.
"""

import functools
import json

import numpy as np
import pytest

from butfor.engine import models
from butfor.engine.probe import Probe
from conftest import resolved
from keras_training import arm_runs

pytestmark = pytest.mark.cases

SEEDS = range(4)
TRAINED = range(10)  # whose accuracies scatter more
IMAGES = 100
N_0_1 = {"name": "normal", "stddev": 1.0}
TOO_WIDE = {"name": "variance_scaling", "scale": 4.0, "mode": "fan_in"}  # standard deviation 2/sqrt(inputs)


@functools.cache
def pixels():
    rng = np.random.default_rng(1)
    images = rng.random((IMAGES, 28, 28)) * (rng.random((IMAGES, 28, 28)) < 0.5)
    return images.astype(np.float32), rng.integers(0, 10, IMAGES).astype(np.int32)


@functools.cache
def rows(activation, depth, initialiser):
    """The statistics of each hidden layer, by seed."""
    model = {"name": "mlp", "widths": 256, "depth": depth, "activation": activation}
    recipe = resolved(model=model, initialiser=json.loads(initialiser))
    built = (models.build(recipe, (28, 28), 10, seed, "philox") for seed in SEEDS)
    return [Probe(model).statistics(*pixels())[:-1] for model in built]


def hidden(activation, initialiser, figure, depth=10):
    """A figure of the activations, by seed and hidden layer: shape (seeds, depth)."""
    found = rows(activation, depth, json.dumps(initialiser))
    return np.array([[row["activations"][figure] for row in layers] for layers in found])


def log2_rms(initialiser):
    """Base-2 logarithm of the RMS by layer of 30 layers of rectifiers, averaged over seeds."""
    return np.log2(hidden("relu", initialiser, "rms", depth=30)).mean(axis=0)


def slope(values):
    """Of layers 2 to 30."""
    return np.polyfit(np.arange(2, 31), values[1:], 1)[0]


def test_rectifiers_shrink_by_the_root_of_two_per_layer_under_glorot():
    found = log2_rms("glorot_uniform")
    assert slope(found) == pytest.approx(-0.5, abs=0.05)
    assert found[29] - found[0] == pytest.approx(-14.5, abs=1.5)


def test_rectifiers_keep_their_scale_under_he():
    found = log2_rms("he_normal")
    assert slope(found) == pytest.approx(0.0, abs=0.05)
    assert 0.3 <= 2 ** (found[29] - found[0]) <= 3


def test_rectifiers_explode_by_the_root_of_two_per_layer_under_two_over_the_root_of_n():
    assert slope(log2_rms(TOO_WIDE)) == pytest.approx(0.5, abs=0.05)


def test_rectifiers_explode_at_once_under_a_standard_normal():
    rms = hidden("relu", N_0_1, "rms")
    assert (rms[:, 9] > 1e6).all()
    assert np.exp(np.log(rms[:, 0]).mean()) == pytest.approx(8.1, rel=0.1)


@pytest.mark.parametrize(("activation", "least"), [("sigmoid", 0.6), ("tanh", 0.7)])
def test_a_standard_normal_saturates_every_layer(activation, least):
    assert (hidden(activation, N_0_1, f"saturated_{activation}") > least).all()


@pytest.mark.parametrize("initialiser", ["glorot_normal", "lecun_normal", "he_normal"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_published_spreads_saturate_no_layer(activation, initialiser):
    assert (hidden(activation, initialiser, f"saturated_{activation}") < 0.05).all()


def test_a_spread_of_a_hundredth_lets_tanh_collapse():
    rms = hidden("tanh", {"name": "normal", "stddev": 0.01}, "rms")
    assert (rms[:, 9] < 1e-6).all() and (rms[:, 0] > 0.05).all()


def test_sigmoids_under_glorot_cannot_tell_images_apart_after_five_layers():
    """Not saturated, and yet they vanish: a sigmoid's slope is a quarter at most."""
    separation = hidden("sigmoid", "glorot_normal", "separation")
    assert (separation[:, 4] / separation[:, 0] < 0.02).all()


def test_saturated_sigmoids_still_tell_images_apart():
    separation = hidden("sigmoid", N_0_1, "separation")
    assert (separation[:, 9] > 0.05).all()


@pytest.mark.parametrize(
    ("activation", "initialiser", "figure", "layers"),
    [
        ("sigmoid", "glorot_normal", "separation", {1: 0.096, 5: 0.0003}),
        ("sigmoid", N_0_1, "rms", {1: 0.68, 10: 0.68}),
        ("tanh", N_0_1, "rms", {1: 0.97, 10: 0.97}),
        ("tanh", "glorot_normal", "rms", {1: 0.44, 5: 0.28, 10: 0.21}),
        ("tanh", "he_normal", "rms", {1: 0.49, 5: 0.55, 10: 0.55}),
        ("tanh", TOO_WIDE, "saturated_tanh", {5: 0.2, 10: 0.21}),
        ("relu", "lecun_normal", "rms", {1: 0.3, 5: 0.066}),
    ],
    ids=str,
)
def test_layers_have_the_simulated_figures(activation, initialiser, figure, layers):
    """Those of one draw of an independent simulation, within what draws of 256 units differ."""
    found = np.exp(np.log(hidden(activation, initialiser, figure)).mean(axis=0))
    for layer, value in layers.items():
        assert found[layer - 1] == pytest.approx(value, rel=0.25)


@pytest.fixture(scope="module")
def first_figures(digits_data):
    """Before any step, by initialiser and seed: what a run records as its first loss, and the accuracy."""

    @functools.cache
    def figures(initialiser):
        model = {"name": "mlp", "widths": [64, 32]}
        recipe = resolved(model=model, initialiser=json.loads(initialiser), epochs=1, loop="graph", train_size=128)
        arm = arm_runs(recipe, digits_data)
        losses = [arm.train(seed).first_loss["plain"] for seed in TRAINED]
        accuracies = []
        for seed in TRAINED:
            arm.engine.start(seed)
            rows = np.arange(len(digits_data.x_test), dtype=np.int32)
            accuracies.append(arm.engine.evaluate("test", rows)["accuracy"])
        return np.array(losses), np.array(accuracies)

    return lambda initialiser: figures(json.dumps(initialiser))


@pytest.mark.parametrize(
    "initialiser", ["glorot_normal", pytest.param("glorot_uniform", marks=pytest.mark.long), "he_normal"]
)
def test_an_untrained_classifier_of_ten_knows_nothing_and_says_so(first_figures, initialiser):
    losses, accuracies = first_figures(initialiser)
    assert losses.mean() == pytest.approx(np.log(10), abs=0.3)
    assert 0.06 <= accuracies.mean() <= 0.14


def test_a_standard_normal_is_wrong_with_confidence_before_training(first_figures):
    losses, accuracies = first_figures(N_0_1)
    assert (losses > 5).all() and 0.06 <= accuracies.mean() <= 0.14


def test_before_training_batch_normalisation_is_seen_as_training_has_it_and_left_as_it_was():
    model = {"name": "mlp", "widths": 64, "depth": 10, "activation": "relu"}
    recipe = resolved(model=model, normalisation="batch", initialiser="glorot_uniform", dropout=0.5)
    built = models.build(recipe, (28, 28), 10, 1, "philox")
    before = [variable.numpy() for variable in built.variables]
    gathered, trained = (Probe(built).statistics(*pixels(), as_trained=way)[:-1] for way in (False, True))
    assert [row["activations"]["rms"] for row in trained] == pytest.approx([np.sqrt(0.5)] * 10, rel=0.05)
    assert gathered[9]["activations"]["rms"] < 0.1
    assert all(np.array_equal(x, y.numpy()) for x, y in zip(before, built.variables, strict=True))
