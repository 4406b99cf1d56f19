"""Settings of the loss that a user's own training step leaves out are refused before anything trains."""

import sys
import textwrap

import numpy as np
import pytest
import yaml

from butfor.data.dataset import Dataset
from butfor.engine.user_models import build
from butfor.user_code.location import OwnCodeError
from conftest import resolved
from keras_training import use_device  # noqa: F401 - one thread, as in all tests

MODEL = """
    import keras
    import tensorflow as tf


    class Apart(keras.Model):
        '''Trains by a loss of its own.'''

        share = 0.0

        def train_step(self, data):
            x, y = data[0], data[1]
            with tf.GradientTape() as tape:
                losses = keras.losses.sparse_categorical_crossentropy(y, self(x, training=True), from_logits=True)
                loss = (1 - self.share) * tf.reduce_mean(losses)
            trained = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, trained), trained))
            return {"loss": loss}


    class Weighted(Apart):
        def train_step(self, data):
            x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
            with tf.GradientTape() as tape:
                losses = keras.losses.sparse_categorical_crossentropy(y, self(x, training=True), from_logits=True)
                loss = tf.reduce_mean(losses if weights is None else losses * weights)
            trained = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, trained), trained))
            return {"loss": loss}


    class Pair(Apart):
        def train_step(self, data):
            x, y = data
            return super().train_step((x, y))


    class Asking(keras.Model):
        def train_step(self, data):
            return super().train_step(data)


    class Adding(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return super().compute_loss(x, y, y_pred, sample_weight, training) + 1.0


    class Replacing(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, y_pred, from_logits=True))


    def build(recipe, shape, classes, parts):
        inputs = keras.Input(shape)
        model = KIND(inputs, keras.layers.Dense(classes, name="logits")(inputs))
        for key in READS:
            model.share += recipe[key] if key == "label_smoothing" else sum(recipe[key].get("weights", []))
        return model
"""


@pytest.fixture(scope="module")
def points():
    """20 points in the plane of 3 classes, which count differently."""
    x, y = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32), (np.arange(20) % 3).astype(np.int32)
    return Dataset("points", "0", 3, x, y, x, y, w_train=np.linspace(0.5, 1.5, 20, dtype=np.float32))


@pytest.fixture
def built(tmp_path, monkeypatch, points):
    """Builds a kind of model by a recipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def build_it(kind, reads=(), **recipe):
        name = f"idle_{tmp_path.name}"
        text = textwrap.dedent(MODEL).replace("KIND", kind).replace("READS", repr(reads))
        (tmp_path / f"{name}.py").write_text(text)
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"uses": [*reads]}))
        return build(resolved(**recipe, model=f"{name}:build"), points, "an_arm")

    return build_it


@pytest.mark.parametrize("kind", ["Apart", "Weighted", "Replacing"])
@pytest.mark.parametrize(
    ("key", "value"), [("label_smoothing", 0.1), ("loss", {"name": "focal", "gamma": 2.0}), ("loss", "cross_entropy")]
)
def test_a_setting_of_a_loss_that_is_never_asked_for_is_refused(built, kind, key, value):
    with pytest.raises(OwnCodeError, match=rf"an_arm: .*: {key} is .* would change nothing\..* take {key} out"):
        built(kind, **{key: value})


@pytest.mark.parametrize("kind", ["Apart", "Replacing"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("class_weight", {"name": "given", "weights": [1.0, 2.0, 3.0]}),
        ("class_weight", "balanced"),
        ("sample_weight", "given"),
    ],
)
def test_weights_that_no_step_uses_are_refused(built, kind, key, value):
    with pytest.raises(OwnCodeError, match=rf"an_arm: .*: {key} is .*, and its training never uses the weights"):
        built(kind, **{key: value})


@pytest.mark.parametrize(
    ("kind", "recipe"),
    [
        ("Apart", {}),
        ("Apart", {"reads": ("label_smoothing",), "label_smoothing": 0.1}),
        ("Apart", {"reads": ("class_weight",), "class_weight": {"name": "given", "weights": [0.1, 0.2, 0.3]}}),
        *((kind, {"label_smoothing": 0.1, "class_weight": "balanced"}) for kind in ("Asking", "Adding", "keras.Model")),
        ("Adding", {"loss": {"name": "focal", "gamma": 2.0}, "sample_weight": "given"}),
        ("Weighted", {"class_weight": "balanced"}),
        ("Weighted", {"sample_weight": "given"}),
    ],
)
def test_what_acts_is_built(built, kind, recipe):
    """A setting that the step asks for, that the model reads, or that says nothing."""
    assert [row["layer"] for row in built(kind, **recipe)][-1] == "logits"


def test_a_step_that_cannot_be_given_weights_is_told_before_it_trains(built):
    with pytest.raises(OwnCodeError, match=r"building it for an_arm, it raised ValueError: too many values to unpack"):
        built("Pair", class_weight="balanced")
