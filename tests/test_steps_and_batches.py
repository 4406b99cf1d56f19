"""What a recipe changes of steps and batches: averages of weights, accumulation, augmentation, mixing and weights of examples,
each as plain Keras has it, and the same to the bit however a seed is trained."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import beta

from butfor.checks.footprints.table import FOOTPRINTS
from butfor.data.dataset import DataError, Dataset, load
from butfor.data.encoded_targets import Targets
from butfor.data.prepare import prepare
from butfor.data.suitability import check_suits
from butfor.engine.keras_engine import KerasEngine
from butfor.engine.random_layers import Cutout, Noise
from butfor.engine.resampled_layers import Rotation, Zoom
from butfor.errors import StudyError
from butfor.recipe import streams
from conftest import NEEDS, resolved
from keras_training import arm_runs, use_device

use_device(threads=1)
RNG = np.random.default_rng(0)
IMAGES = RNG.random((200, 8, 8)).astype(np.float32)
LABELS = (IMAGES[:, :4].sum(axis=(1, 2)) > IMAGES[:, 4:].sum(axis=(1, 2))).astype(np.int32) + IMAGES[:, 0, 0].round()
WEIGHTS = RNG.exponential(size=200).astype(np.float32)
SMALL = {
    "model": {"name": "mlp", "widths": [16]},
    "batch_size": 20,
    "epochs": 3,
    "learning_rate": 0.01,
    "loop": "graph",
}
EVERYTHING = {
    "ema": {"name": "weights", "momentum": 0.9}, "shift": 1, "flip": True, "rotation": 20.0, "zoom": 0.2, "noise": 0.1,
    "cutout": 2, "mixup": 0.4, "cutmix": 1.0, "accumulation": 2,
    "sample_weight": "given",
}  # fmt: skip
LOOPS = ["graph", pytest.param("fit", marks=pytest.mark.long)]  # which go the same way, see below
ORDER = RNG.permutation(200)[:100].astype(np.int32).reshape(5, 20)


def data(**changes):
    y = LABELS.astype(np.int32)
    return Dataset("made", "f", 3, IMAGES, y, IMAGES[:50], y[:50], w_train=WEIGHTS, **changes)


def started(recipe, dataset, seed=3):
    """An engine of a recipe on some data, at the start of a seed."""
    made = resolved(**{**SMALL, **recipe})
    engine = KerasEngine(made, dataset, np.linspace(0.01, 0.001, 15, dtype=np.float32))
    engine.start(seed)
    return engine


def plain_copy(engine, optimiser, loss=None):
    """A copy of its model in plain Keras, with the same weights."""
    copy = keras.models.clone_model(keras.Model(engine.model.inputs, engine.model.outputs))
    copy.set_weights(engine.weights())
    copy.compile(optimiser, loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return copy


def near(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-5)


def equal(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def outcome(engine):
    return [np.float64(engine.train_epoch(ORDER)[1]), *engine.state(), *engine.weights()]


@pytest.mark.parametrize("loop", ["graph", *(pytest.param(loop, marks=pytest.mark.cases) for loop in ("fit", "xla"))])
def test_a_seed_alone_third_and_resumed_goes_the_same_way_to_the_bit(loop):
    alone, third = (started({**EVERYTHING, "loop": loop}, data()) for _ in range(2))
    first, second = outcome(alone), outcome(alone)
    for seed in (5, 7, 3):
        third.start(seed)
        again = outcome(third)
    equal(first, again)
    state = third.state()
    third.start(9)
    third.train_epoch(ORDER)
    third.resume(state)
    third.try_step(ORDER, 2)
    third.resume(state)
    equal(second, outcome(third))


def test_graph_and_fit_go_the_same_way():
    graph, fit = (started({**EVERYTHING, "loop": loop}, data()) for loop in ("graph", "fit"))
    for _ in range(2):
        near(outcome(graph), outcome(fit))


@pytest.mark.parametrize("loop", LOOPS)
def test_an_average_of_weights_is_evaluated_as_keras_swaps_it_in(loop):
    engine = started({"ema": {"name": "weights", "momentum": 0.9}, "loop": loop, "learning_rate": 0.01}, data())
    copy = plain_copy(engine, keras.optimizers.Adam(engine._compiled.rates, use_ema=True, ema_momentum=0.9))
    for _ in range(2):
        engine.train_epoch(ORDER)
    rows = ORDER.reshape(-1)
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    copy.fit(IMAGES[rows], LABELS[rows], batch_size=20, epochs=2, shuffle=False, verbose=0, callbacks=[swap])
    near(engine.weights(), copy.get_weights())
    assert engine.evaluate("test", np.arange(50))["loss"] == pytest.approx(
        copy.evaluate(IMAGES[:50], LABELS[:50], verbose=0), rel=1e-3
    )
    raw, averaged = engine.state()[: len(engine.weights())], engine.weights()
    assert not np.allclose(raw[0], averaged[0], atol=1e-4)


def layer(kind, size, images):
    made = kind(size, "philox", 5)
    made.given = [made._drawn(tf.constant([5, 0]), made.draws_shape(images))]
    return made, made.given[0].numpy()


@pytest.mark.parametrize("kind", [Rotation, Zoom])
@pytest.mark.parametrize("channels", [(), (2,)])
def test_images_are_turned_and_stretched_as_by_keras_s_own_transformation(kind, channels):
    images = tf.constant(RNG.random((20, 9, 12, *channels)).astype(np.float32))
    made, drawn = layer(kind, 0.4 if kind is Zoom else 50.0, images)
    chosen = made.most * (2 * drawn[:, 0, 0] - 1)
    cosine, sine = (
        (1 / (1 + chosen), 0 * chosen) if kind is Zoom else (np.cos(np.radians(chosen)), np.sin(np.radians(chosen)))
    )
    across, down = 5.5, 4.0  # the centre
    matrix = [cosine, -sine, across - cosine * across + sine * down, sine, cosine, down - sine * across - cosine * down]
    flat = images if channels else images[..., None]
    expected = keras.ops.image.affine_transform(
        flat, np.stack([*matrix, 0 * chosen, 0 * chosen], axis=1), fill_mode="constant"
    )
    np.testing.assert_allclose(made(images, training=True), tf.reshape(expected, images.shape), atol=1e-4)


def test_noise_and_cutout_do_what_they_say_to_inputs_of_their_shapes():
    rows = tf.zeros((300, 70))
    noisy = Noise(0.3, "philox", 5)(rows, training=True).numpy()
    assert noisy.std() == pytest.approx(0.3, rel=0.02) and abs(noisy.mean()) < 0.01
    images = tf.ones((300, 9, 12, 2))
    made, drawn = layer(Cutout, 3, images)
    cut = made(images, training=True).numpy() == 0
    for image, (row, column) in zip(cut, (drawn * [9, 12]).astype(int), strict=True):
        expected = np.zeros((9, 12, 2), bool)
        expected[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = True
        np.testing.assert_array_equal(image, expected)


def test_images_are_not_moved_where_each_pixel_has_a_target():
    told = Targets("segmentation", LABELS, LABELS, (8, 8, 3), None, True)
    with pytest.raises(DataError, match=r"would stay where they are\. Leave out rotation"):
        check_suits(told, {**NEEDS, "models": "own", "moved": ["rotation"]}, "my.npz")
    check_suits(told, {**NEEDS, "models": "own"}, "my.npz")


def partners(values, shares):
    left = shares.reshape(-1, *[1] * (values.ndim - 1))
    return left * values + (1 - left) * values[np.r_[-1, 0 : len(values) - 1]]


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("weighted", [True, pytest.param(False, marks=pytest.mark.long)])
def test_mixup_trains_as_keras_does_on_batches_that_are_mixed_by_its_formula(loop, weighted):
    given = {"name": "given", "weights": [1.0, 2.0, 5.0]}
    engine = started({"mixup": 0.4, "loop": loop, **({"class_weight": given} if weighted else {})}, data())
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    copy = plain_copy(engine, keras.optimizers.Adam(engine._compiled.rates), loss)
    engine.train_epoch(ORDER)
    key = streams.key(3, "augmentation", "mixup")
    for step, rows in enumerate(ORDER):
        drawn = tf.random.stateless_uniform([20, 1], [key, step], alg="philox").numpy()[:, 0]
        shares = beta.ppf(drawn, 0.4, 0.4).astype(np.float32)
        y = LABELS[rows].astype(int)
        weights = partners(np.array([1.0, 2.0, 5.0], np.float32)[y], shares) if weighted else None
        copy.train_on_batch(partners(IMAGES[rows], shares), partners(np.eye(3, dtype=np.float32)[y], shares), weights)
    near(engine.weights(), copy.get_weights())


def test_cutmix_puts_a_rectangle_of_the_example_before_into_each_and_counts_its_area():
    mixing = started({"cutmix": 1.0}, data())._compiled.mixing
    batch = np.arange(20, dtype=np.float32)[:, None, None] * np.ones((20, 8, 8), np.float32)
    draws = RNG.random((20, 3)).astype(np.float32)
    x, y = (part.numpy() for part in mixing.mixed({"cutmix": tf.constant(draws)}, batch, LABELS[:20])[:2])
    before = np.r_[19, 0:19]
    for place, (image, target, (share, row, column)) in enumerate(zip(x, y, draws, strict=True)):
        side = int(np.sqrt(1 - share) * 8)  # Beta(1, 1) is uniform
        expected = batch[place].copy()
        top, left = int(row * 8) - side // 2, int(column * 8) - side // 2
        expected[max(top, 0) : top + side, max(left, 0) : left + side] = before[place]
        np.testing.assert_array_equal(image, expected)
        kept = (expected == place).mean()
        one, other = np.eye(3)[LABELS[[place, before[place]]].astype(int)]
        np.testing.assert_allclose(target, kept * one + (1 - kept) * other, atol=1e-6)


@pytest.mark.parametrize("loop", ["graph", pytest.param("xla", marks=pytest.mark.long)])
def test_the_step_of_a_mixed_batch_is_worked_out_apart(loop):
    recipe = {"mixup": 0.4, "cutmix": 0.4, "noise": 0.2, "class_weight": "balanced", "label_smoothing": 0.1}
    taken = started({**recipe, "loop": loop}, data()).try_step(ORDER, 3)
    assert taken.unknown == "" and taken.objective == pytest.approx(taken.loss, rel=1e-5)


@pytest.mark.parametrize(
    ("task", "outputs", "mixed", "words"),
    [
        ("own", (3,), ("mixup", ""), "only the model knows"),
        ("regression", (2,), ("cutmix", ""), "Leave it out, or write mixup"),
        ("segmentation", (8, 8, 3), ("cutmix", ""), "Leave it out, or write mixup"),
        ("classification", (3,), ("mixup", "my:loss"), "received loss: my:loss"),
    ],
)
def test_batches_are_not_mixed_where_that_means_nothing(task, outputs, mixed, words):
    told = Targets(task, LABELS, LABELS, outputs, None, True)
    needs = {**NEEDS, "models": "own"}
    with pytest.raises(DataError, match=words):
        check_suits(told, {**needs, "mixed": [mixed]}, "my.npz")
    check_suits(
        Targets("regression", LABELS, LABELS, (2,), None, True), {**needs, "mixed": [("mixup", "my:loss")]}, "my.npz"
    )


def test_mixing_batches_of_one_is_refused(planned):
    with pytest.raises(StudyError, match=r"batch_size: expected 2 or more with mixup"):
        planned("{recipe: {batch_size: 1, mixup: 0.2}, ablations: {a: {set: {dropout: 0.5}}}}")


@pytest.mark.parametrize("loop", LOOPS)
def test_gradients_are_gathered_as_keras_gathers_them_at_the_rates_of_their_batches(loop):
    engine = started({"accumulation": 3, "weight_decay": "decoupled", "loop": loop}, data())
    optimiser = keras.optimizers.Adam(engine._compiled.rates, gradient_accumulation_steps=3, weight_decay=0.01)
    optimiser.exclude_from_weight_decay(var_names=["bias"])
    copy = plain_copy(engine, optimiser)
    start = engine.weights()
    rates, _ = engine.train_epoch(ORDER)  # of 5 batches, so that two wait for the next
    np.testing.assert_array_equal(rates, np.linspace(0.01, 0.001, 15, dtype=np.float32)[:5])
    engine.train_epoch(ORDER)
    for rows in [*ORDER, *ORDER]:
        copy.train_on_batch(IMAGES[rows], LABELS[rows])
    near(engine.weights(), copy.get_weights())
    assert not np.allclose(start[0], engine.weights()[0], atol=1e-3)


def test_a_training_that_would_never_update_is_refused(planned):
    study = (
        "data: mnist\nrecipe: {{epochs: 2, batch_size: 100, accumulation: {0}}}\nablations: {{a: {{set: {{l2: 0.5}}}}}}"
    )
    with pytest.raises(StudyError, match="expected at least one update in the whole training"):
        planned(study.format(1081))
    planned(study.format(1080))


@pytest.mark.parametrize("loop", LOOPS)
def test_weights_of_examples_train_as_keras_has_them_and_as_the_trial_step_expects(loop):
    engine = started({"sample_weight": "given", "loop": loop}, data())
    copy = plain_copy(engine, keras.optimizers.Adam(engine._compiled.rates))
    taken, rows = engine.try_step(ORDER, 0), ORDER.reshape(-1)
    assert taken.unknown == "" and taken.objective == pytest.approx(taken.loss, rel=1e-5)
    engine.start(3)
    engine.train_epoch(ORDER)
    copy.fit(IMAGES[rows], LABELS[rows], sample_weight=WEIGHTS[rows], batch_size=20, shuffle=False, verbose=0)
    near(engine.weights(), copy.get_weights())


def test_weights_of_examples_leave_their_footprint(digits_data):
    weighed = replace(digits_data, w_train=np.linspace(0, 2, len(digits_data.x_train), dtype=np.float32))
    plain, given = (
        arm_runs(resolved(**{**SMALL, "epochs": 1, "sample_weight": asked}), weighed).train(0)
        for asked in ("none", "given")
    )
    row = FOOTPRINTS["sample_weight"]
    assert row.fault(plain) == row.fault(given) == "" and row.trace(plain) != row.trace(given)
    assert "received none" in row.fault(replace(plain, recipe=given.recipe))
    assert plain.metrics != given.metrics


def test_weights_come_with_the_data_and_their_digest(tmp_path):
    def prepared(given_weights, **more):
        settings = {"name": "npz", "file": str(tmp_path / "my.npz"), "arrays": {}, "validation": 0.1}
        np.savez(tmp_path / "my.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:50], y_test=LABELS[:50], **more)
        paths = tmp_path / "arrays.npz", tmp_path / "manifest.json"
        prepare({**settings, "largest": {**NEEDS, "given_weights": given_weights}}, *paths, tmp_path / "source.json")
        return load(*paths)

    without, weighed = prepared(False), prepared(True, w_train=WEIGHTS)
    np.testing.assert_array_equal(weighed.w_train, WEIGHTS)
    assert without.w_train is None and without.fingerprint != weighed.fingerprint
    for given, words in (
        ({}, "a recipe has sample_weight: given; received none"),
        ({"w_train": WEIGHTS[:9]}, r"expected w_train as 200 numbers"),
        ({"w_train": -WEIGHTS}, "of 0 or more in w_train, some above 0"),
        ({"w_train": np.where(np.arange(200) == 7, np.nan, 1.0)}, "received nan in row 7"),
    ):
        with pytest.raises(DataError, match=words):
            prepared(True, **given)
