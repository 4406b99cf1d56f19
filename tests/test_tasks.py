"""Tasks: what targets are taken for, and that training and figures are those of plain Keras and scikit-learn."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics

from butfor.data.dataset import DataError, Dataset
from butfor.data.encoded_targets import stored
from butfor.engine.answers import answers_of
from butfor.engine.keras_engine import KerasEngine
from butfor.recipe.loss_functions import expected_loss
from butfor.recipe.tasks import TASKS
from butfor.training.arm_runs import ArmRuns
from butfor.training.learning import constant_for, judged_for
from conftest import resolved

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(200, 6)).astype(np.float32)
SIGNAL = ROWS @ RNG.normal(size=(6, 3)).astype(np.float32)
WORDS = np.array(["no", "yes"])[(SIGNAL[:, 0] > 0).astype(int)]
TAGS = (SIGNAL > 0.3).astype(int)
MASKS = RNG.integers(0, 3, (40, 8, 8))

GUESSES = [
    (WORDS, (6,), "classification", (2,)),
    (WORDS == "yes", (6,), "classification", (2,)),
    (np.eye(3)[RNG.integers(0, 3, 200)], (6,), "classification", (3,)),
    (SIGNAL[:, 0], (6,), "regression", (1,)),
    (SIGNAL[:, :1].astype(object), (6,), "regression", (1,)),
    (SIGNAL, (6,), "regression", (3,)),
    (TAGS, (6,), "multilabel", (3,)),
    (MASKS, (8, 8, 3), "segmentation", (8, 8, 3)),
    (MASKS[..., None], (8, 8), "segmentation", (8, 8, 3)),
    (MASKS.reshape(40, 64), (64,), "sequence", (64, 3)),
    (RNG.normal(size=(40, 8, 8, 1)), (8, 8, 1), "regression", (8, 8, 1)),
]


@pytest.mark.parametrize(
    ("targets", "inputs", "task", "outputs"), GUESSES, ids=lambda each: each if isinstance(each, str) else None
)
def test_targets_tell_their_task_where_they_leave_no_doubt(targets, inputs, task, outputs):
    told = stored(targets, targets[:30], "auto", inputs, "my.npz")
    assert (told.task, told.outputs, told.guessed) == (task, outputs, True)
    assert told.train.dtype == (np.float32 if task in ("regression", "multilabel") else np.int32)


@pytest.mark.parametrize(
    ("targets", "inputs", "task", "words"),
    [
        (TAGS, (3,), "auto", "which may be multilabel or sequence. Write task"),
        (RNG.integers(0, 9, (40, 5)), (6,), "auto", "may be regression .numbers. or sequence"),
        (RNG.integers(0, 9, (40, 5, 7)), (6,), "auto", "Write task"),
        (3 * np.arange(200.0), (6,), "auto", "200 different labels.*write task: regression"),
        (np.arange(3).repeat(20), (6,), "binary", "two classes in y_train for task: binary, received 3"),
        (SIGNAL, (6,), "multilabel", "a column of 0 and 1 per class"),
        (np.hstack([TAGS, np.zeros((200, 1), int)]), (6,), "multilabel", r"none of the columns \[3\]"),
        (WORDS, (6,), "regression", "expected numbers in y_train"),
        (np.where(np.arange(200) == 3, np.nan, 1.0), (6,), "regression", "NaN or infinity 1 times in y_train"),
        (np.ones(200), (6,), "regression", "targets that differ, received 1 for each"),
        (MASKS - 1, (8, 8), "segmentation", "whole numbers from 0.*with -1"),
    ],
)
def test_doubtful_or_wrong_targets_are_refused_with_what_to_write(targets, inputs, task, words):
    with pytest.raises(DataError, match=words):
        stored(targets, targets, task, inputs, "my.npz")


def dataset(task):
    """Rows with targets of a task that follow from them."""
    y = {"classification": WORDS, "binary": WORDS, "multilabel": TAGS, "regression": 40 + 7 * SIGNAL[:, :2]}[task]
    told = stored(y, y, task, (6,), "made")
    return Dataset(
        "made", "f", told.outputs[-1], ROWS, told.train, ROWS, told.test, task=told.task, outputs=told.outputs
    )


MLP = {"model": {"name": "mlp", "widths": [16]}, "batch_size": 20, "epochs": 3, "learning_rate": 0.01, "loop": "graph"}
TRAININGS = [  # task, recipe, and the same loss as plain Keras has it, of (truth, outputs)
    ("binary", {}, keras.losses.BinaryCrossentropy(from_logits=True), lambda y: y[:, None].astype(np.float32)),
    ("binary", {"loss": "focal"}, keras.losses.BinaryFocalCrossentropy(from_logits=True), lambda y: y[:, None] * 1.0),
    ("multilabel", {}, keras.losses.BinaryCrossentropy(from_logits=True), lambda y: y),
    ("multilabel", {"label_smoothing": 0.1}, keras.losses.BinaryCrossentropy(True, label_smoothing=0.1), lambda y: y),
    ("regression", {}, keras.losses.MeanSquaredError(), lambda y: (y - y.mean(0)) / y.std(0)),
    ("regression", {"loss": "huber"}, keras.losses.Huber(), lambda y: (y - y.mean(0)) / y.std(0)),
    ("regression", {"target_scaling": "none", "loss": "log_cosh"}, keras.losses.LogCosh(), lambda y: y),
    ("classification", {"loss": "mean_squared_error"}, lambda y, z: keras.losses.mean_squared_error(
        tf.one_hot(tf.cast(y, tf.int32), 2), tf.nn.softmax(z)), lambda y: y),
    ("classification", {"loss": {"name": "keras", "of": "CategoricalFocalCrossentropy", "settings": {"alpha": 0.5}}},
        lambda y, z: keras.losses.CategoricalFocalCrossentropy(0.5, from_logits=True).call(
            tf.one_hot(tf.cast(y, tf.int32), 2), z),
        lambda y: y),
]  # fmt: skip


def uncompiled(model):
    """A copy of a model without its optimiser."""
    return keras.models.clone_model(keras.Model(model.inputs, model.outputs))


def name_of(training):
    task, recipe, *_ = training
    return "-".join([task, *map(str, recipe.values())])


@pytest.mark.parametrize(
    "training",
    [
        pytest.param(training, id=name_of(training), marks=[pytest.mark.long] * (not training[1]))
        for training in TRAININGS  # of a task's own loss, what a record says is compared below
    ],
)
def test_a_loss_trains_as_plain_keras_does(training):
    task, recipe, loss, targets = training
    recipe, data = resolved(**MLP, **recipe), dataset(task)
    order = np.random.default_rng(1).permutation(200)[:100].astype(np.int32).reshape(5, 20)
    engine = KerasEngine(recipe, data, np.full(10, recipe["learning_rate"], np.float32))
    engine.start(3)
    copy = uncompiled(engine.model)
    copy.set_weights(engine.weights())
    copy.compile(keras.optimizers.Adam(recipe["learning_rate"]), loss)
    _, objective = engine.train_epoch(order)
    y = np.asarray(targets(data.y_train))
    losses = [copy.train_on_batch(ROWS[rows], y[rows]) for rows in order]
    for ours, theirs in zip(engine.weights(), copy.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-5)
    assert objective == pytest.approx(float(np.mean(losses)), rel=1e-3)


def test_class_weights_train_as_keras_has_them():
    recipe, data = resolved(**MLP, class_weight={"name": "given", "weights": [1.0, 5.0]}), dataset("binary")
    order = np.arange(100, dtype=np.int32).reshape(5, 20)
    engine = KerasEngine(recipe, data, np.full(10, recipe["learning_rate"], np.float32))
    engine.start(3)
    copy = uncompiled(engine.model)
    copy.set_weights(engine.weights())
    copy.compile(keras.optimizers.Adam(recipe["learning_rate"]), keras.losses.BinaryCrossentropy(from_logits=True))
    engine.train_epoch(order)
    copy.fit(
        ROWS[:100], data.y_train[:100, None].astype(np.float32), batch_size=20, shuffle=False, verbose=0,
        class_weight={0: 1.0, 1: 5.0},
    )  # fmt: skip
    for ours, theirs in zip(engine.weights(), copy.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-5)


FIGURES = {
    "binary": lambda y, z: {"accuracy": metrics.accuracy_score(y, z[:, 0] > 0), "loss": metrics.log_loss(y, sigmoid(z))},
    "multilabel": lambda y, z: {
        "accuracy": (y == (z > 0)).mean(),
        "loss": np.mean([metrics.log_loss(a, sigmoid(b)) for a, b in zip(y.T, z.T, strict=True)]),
    },
    "regression": lambda y, z: {
        "mae": metrics.mean_absolute_error(y, z), "loss": metrics.mean_squared_error(y, z),
    },
}  # fmt: skip


def sigmoid(z):
    return 1 / (1 + np.exp(-z.astype(np.float64)))


@pytest.mark.parametrize("task", FIGURES)
def test_figures_are_those_of_scikit_learn_on_the_same_predictions(task):
    runs = ArmRuns(KerasEngine, {"arm": "a", "recipe": resolved(**MLP), "validation": 0.1}, dataset(task), "CPU")
    record = runs.train(0)
    scores = runs.engine.scores("test", np.arange(200, dtype=np.int32))
    expected = FIGURES[task](dataset(task).y_test, scores)
    assert {name: record.metrics[f"test/{name}"] for name in expected} == pytest.approx(expected, rel=1e-4)
    assert record.status == "ok" and record.data["task"] == task
    assert record.first_loss["objective"] == pytest.approx(record.first_loss["expected"], rel=1e-5)


@pytest.mark.parametrize(("function", "task"), [("softmax", "classification"), ("sigmoid", "binary")])
def test_probabilities_are_read_as_the_logits_that_give_them(function, task):
    data, x = dataset(task), keras.Input((6,))
    logits = keras.layers.Dense(data.output_shape[-1], kernel_initializer=keras.initializers.GlorotUniform(1))(x)
    plain, ending = keras.Model(x, logits), keras.Model(x, keras.layers.Activation(function)(logits))
    read, given = answers_of(ending, resolved(), data), answers_of(plain, resolved(), data)
    assert read.probabilities and not given.probabilities
    losses = [
        np.asarray(each.losses(data.y_train, each.scores(model(ROWS))))
        for each, model in ((read, ending), (given, plain))
    ]
    np.testing.assert_allclose(*losses, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("task", ["binary", "multilabel", "regression"])
def test_what_has_learnt_is_told_from_what_has_not(task):
    data, rows = dataset(task), np.arange(200)
    truth = data.y_test.reshape(200, -1).astype(np.float32)
    good = truth if task == "regression" else 4 * truth - 2
    constant = constant_for(data, resolved())
    assert judged_for(data, rows, good, True, constant) == ("ok", "")
    same = np.repeat(good[:1], 200, axis=0)
    assert judged_for(data, rows, same, True, constant)[0] == "at_chance"


def test_the_loss_worked_out_apart_is_known_for_every_loss_of_a_recipe_but_keras_s_and_the_user_s():
    for task, of in (("classification", ("cross_entropy", "focal", "dice", "mean_squared_error", "mean_absolute_error")),
                     ("regression", ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "pinball"))):  # fmt: skip
        data = dataset(task)
        for name in of:
            engine = KerasEngine(resolved(**MLP, loss=name), data, np.full(10, 0.01, np.float32))
            rows = np.arange(50, dtype=np.int32)
            scale = (data.y_train.mean(0), data.y_train.std(0)) if task == "regression" else (0.0, 1.0)
            expected = expected_loss(
                resolved(**MLP, loss=name), TASKS[task], engine.scores("train", rows), data.y_train[rows], scale
            )
            assert engine.probe.first_loss(ROWS[rows], data.y_train[rows])["objective"] == pytest.approx(
                expected, rel=1e-4
            )


def upper_quantile_runs(engine, **recipe):
    """Trainings of a 0.9 quantile of targets whose spread follows from their rows and whose mean hardly does."""
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(2400, 6)).astype(np.float32)
    targets = (np.exp(0.8 * rows[:, :1]) * rng.standard_exponential((2400, 1))).astype(np.float32)
    data = Dataset(
        "made", "f", 1, rows[:2000], targets[:2000], rows[2000:], targets[2000:], task="regression", outputs=(1,)
    )
    pinball = {"loss": {"name": "pinball", "share": 0.95}, "epochs": 6}
    recipe = resolved(**{**MLP, "loop": "auto", **pinball, **recipe})
    return ArmRuns(engine, {"arm": "a", "recipe": recipe, "validation": 0.1}, data, "CPU"), data


def test_a_run_that_learnt_a_quantile_has_learnt_something_however_far_it_is_from_the_mean():
    runs, data = upper_quantile_runs(KerasEngine)
    record = runs.train(0)
    assert record.metrics["test/loss"] > np.square(data.y_test - data.y_train.mean()).mean()
    assert (record.status, record.reason) == ("ok", "")


def test_a_run_that_loses_more_than_the_best_constant_quantile_has_not():
    runs, _ = upper_quantile_runs(KerasEngine, learning_rate=1e-7, epochs=1)
    record = runs.train(0)
    assert record.status == "at_chance" and "the pinball loss that it was trained by is" in record.reason
