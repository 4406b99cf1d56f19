"""A model's own loss is measured by batches of as many examples as it trains on, as Keras's `evaluate` has it."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from butfor.data.dataset import Dataset
from butfor.data.stored_arrays import streamed_arrays
from butfor.engine import own_loss
from butfor.engine.data_parts import part_of
from butfor.engine.keras_engine import KerasEngine
from butfor.engine.losses import OF_BATCH, is_of_batch
from butfor.engine.own_loss import OwnLoss, whole_batches
from conftest import resolved
from test_own_code import own  # noqa: F401

X = np.random.default_rng(3).normal(size=(33, 4)).astype(np.float32)
ROWS = np.arange(23, dtype=np.int32)
BATCHES = [slice(at, min(at + 5, 23)) for at in range(0, 23, 5)]
PAIRS = """
import keras
from keras import ops


class Pairs(keras.Model):
    def call(self, x):
        return self.out(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(ops.square(y_pred[:, None] - y_pred[None])) + ops.mean(ops.square(y))


def build(recipe, shape, classes, parts):
    model = Pairs()
    model.out = keras.layers.Dense(3, **parts.kernel("out"))
    model.build((None, *shape))
    return model
"""
USES = {"uses": ["initialiser", "layer_initialisers", "bias_initialiser", "l1", "l2", "max_norm"]}


class Plain(keras.Model):
    """Its step returns its loss as it is, of a model that has no weights."""

    def test_step(self, data):
        x = data[0]
        return {"loss": tf.reduce_mean(tf.square(x[:, None] - x[None])) + tf.reduce_mean(data[1])}


class Counted(Plain):
    """Its step returns a mean so far."""

    def __init__(self):
        super().__init__()
        self.tracker = keras.metrics.Mean("loss")

    def test_step(self, data):
        self.tracker.update_state(super().test_step(data)["loss"])
        return {"loss": self.tracker.result()}


class Unrolled(Plain):
    """Its step counts on the number of examples of a batch in training."""

    def test_step(self, data):
        return {"loss": tf.add_n([tf.reduce_mean(data[0][place]) for place in range(data[0].shape[0])])}


def of_batch(x):
    return np.mean((x[:, None] - x[None]) ** 2) + np.mean(x)


EXPECTED = sum(len(X[at]) * of_batch(X[at]) for at in BATCHES) / 23


def test_it_is_what_keras_gives_for_the_recipe_s_batches(own):  # noqa: F811
    data = Dataset("rows", "0", 1, X, X, X[:23], X[:23], task="own", outputs=(3,))
    engine = KerasEngine(
        resolved(model=own(PAIRS, USES), batch_size=5, loop="graph"), data, np.full(8, 0.1, np.float32)
    )
    engine.start(0)
    expected = engine.model.evaluate(X[:23], X[:23], batch_size=5, verbose=0)
    assert engine.evaluate("test", ROWS)["loss"] == pytest.approx(expected, rel=1e-6)
    assert engine.evaluate("train", ROWS)["loss"] == pytest.approx(expected, rel=1e-6)
    assert engine.evaluate("test", ROWS[:4])["loss"] == pytest.approx(
        engine.model.evaluate(X[:4], X[:4], verbose=0), rel=1e-6
    )
    at_once = engine.model.evaluate(X[:23], X[:23], batch_size=23, verbose=0)
    assert abs(at_once / expected - 1) > 0.01, "or the test shows nothing"


@pytest.mark.parametrize("model", [Plain, Counted])
def test_a_loss_of_pairs_is_the_mean_over_batches_by_their_examples(model):
    measured = OwnLoss(model(), batch=5, at_once=2000, converts=True)
    assert measured.mean(part_of(X, X), ROWS) == pytest.approx(EXPECTED, rel=1e-6)
    assert measured.mean(part_of(X, X), ROWS[:20]) == pytest.approx(np.mean([of_batch(X[at]) for at in BATCHES[:4]]))
    assert measured.mean(part_of(X, X), ROWS[20:]) == pytest.approx(of_batch(X[20:23]))


@pytest.mark.parametrize("at_once", [3, 12, 2000])
def test_what_is_read_from_disk_has_the_same_batches(tmp_path, at_once):
    np.savez(tmp_path / "x.npz", x=X)
    part = part_of(streamed_arrays(tmp_path / "x.npz", ("x",))["x"], X)
    assert OwnLoss(Plain(), 5, at_once, converts=True).mean(part, ROWS) == pytest.approx(EXPECTED, rel=1e-6)


def test_a_whole_batch_has_a_known_shape_as_in_training():
    measured = OwnLoss(Unrolled(), batch=11, at_once=2000, converts=True)
    for rows in (np.arange(33), np.arange(11), np.arange(22)):
        expected = np.mean([X[rows[at : at + 11]].mean(axis=1).sum() for at in range(0, len(rows), 11)])
        assert measured.mean(part_of(X, X), rows.astype(np.int32)) == pytest.approx(expected, rel=1e-5)


def test_whole_batches_are_compiled_once_for_all_parts_of_the_data(monkeypatch):
    traced = []
    monkeypatch.setattr(own_loss, "step_loss", lambda returned: traced.append(1) or returned["loss"])
    measured = OwnLoss(Plain(), batch=5, at_once=2000, converts=True)
    for part in (part_of(X, X), part_of(X[:25], X[:25])):
        for count in (20, 5, 15, 25):
            measured.mean(part, np.arange(count, dtype=np.int32))
    assert len(traced) == 1


def test_so_many_are_whole_batches():
    assert [whole_batches(2000, size) for size in (1, 64, 2000, 3000)] == [2000, 1984, 2000, 3000]


KINDS = [name for name in dir(keras.losses) if inspect.isclass(getattr(keras.losses, name))]
OF_COLUMNS = [name for name in KINDS if not name.startswith("Sparse") and name not in ("Loss", "Circle", "CTC")]


@pytest.mark.parametrize("name", OF_COLUMNS)
def test_of_keras_s_losses_those_are_known_that_have_one_value_for_a_batch(name):
    values = getattr(keras.losses, name)().call(tf.constant(np.eye(4, dtype=np.float32)), tf.fill((4, 4), 0.25))
    assert (len(values.shape) == 0) == (name in OF_BATCH) == is_of_batch(resolved(loss={"name": "keras", "of": name}))


def test_a_loss_of_ones_own_may_be_of_a_batch_and_most_are_not():
    assert is_of_batch(resolved(loss="mine:loss")) and is_of_batch(resolved(loss="dice"))
    assert not any(is_of_batch(resolved(loss=name)) for name in ("cross_entropy", "focal", "huber", "pinball"))
