"""Training loops and models of one's own: a GAN, contrastive pairs, a teacher's student."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from sklearn.datasets import load_digits

HERE = Path(__file__).parent


def dense(*widths, last):
    return keras.Sequential([*(layers.Dense(width, activation="relu") for width in widths), layers.Dense(last)])


class Gan(keras.Model):
    def __init__(self, width, latent):
        super().__init__()
        self.generator, self.critic = dense(32, last=width), dense(32, last=1)
        self.latent, self.noise = latent, keras.random.SeedGenerator()
        self.flat = layers.Flatten()

    def call(self, x, training=None):
        return self.critic(self.flat(x))

    def build(self, shape):
        self.critic.build((None, self.generator.layers[-1].units))
        self.generator.build((None, self.latent))
        self.built = True

    def losses_of(self, x):
        real = self.flat(x)
        made = self.generator(keras.random.normal((ops.shape(real)[0], self.latent), seed=self.noise))
        truly, falsely = self.critic(real), self.critic(made)
        cross = keras.losses.BinaryCrossentropy(from_logits=True)
        critic = cross(ops.ones_like(truly), truly) + cross(ops.zeros_like(falsely), falsely)
        return critic, cross(ops.ones_like(falsely), falsely)

    def train_step(self, data):
        x = data[0]
        with tf.GradientTape(persistent=True) as tape:
            critic, generator = self.losses_of(x)
        variables = [*self.critic.trainable_variables, *self.generator.trainable_variables]
        gradients = [
            *tape.gradient(critic, self.critic.trainable_variables),
            *tape.gradient(generator, self.generator.trainable_variables),
        ]
        self.optimizer.apply(gradients, variables)
        return {"loss": critic}

    def test_step(self, data):
        return {"loss": self.losses_of(data[0])[0]}


def gan(recipe, shape, outputs, parts):
    return Gan(int(np.prod(shape)), recipe["model"]["latent"])


class Contrastive(keras.Model):
    def __init__(self, temperature):
        super().__init__()
        self.body = keras.Sequential([layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(8)])
        self.noise = layers.GaussianNoise(0.1)
        self.temperature = temperature

    def call(self, x, training=None):
        return self.body(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        one, other = (self.body(self.noise(x, training=True)) for _ in range(2))
        alike = ops.matmul(ops.normalize(one), ops.transpose(ops.normalize(other))) / self.temperature
        return ops.mean(ops.sparse_categorical_crossentropy(ops.arange(ops.shape(alike)[0]), alike, from_logits=True))


def contrastive(recipe, shape, outputs, parts):
    return Contrastive(recipe["model"]["temperature"])


class Student(keras.Model):
    """Distillation: the teacher is read from a file and frozen."""

    def __init__(self, classes, share):
        super().__init__()
        self.teacher = keras.models.load_model(HERE / "teacher.keras")
        self.teacher.trainable = False
        self.small = keras.Sequential([layers.Flatten(), layers.Dense(8, activation="relu"), layers.Dense(classes)])
        self.share = share

    def call(self, x, training=None):
        return self.small(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        plain = ops.mean(ops.sparse_categorical_crossentropy(y, y_pred, from_logits=True))
        soft = ops.softmax(self.teacher(x))
        taught = ops.mean(ops.categorical_crossentropy(soft, y_pred, from_logits=True))
        return (1 - self.share) * plain + self.share * taught


def student(recipe, shape, classes, parts):
    return Student(classes, recipe["model"]["share"])


def write_teacher():
    """A model of the digits, whole and as weights."""
    x, y = load_digits(return_X_y=True)
    keras.utils.set_random_seed(3)
    inputs = keras.Input((8, 8))
    h = layers.Dense(32, activation="relu", name="hidden")(layers.Flatten()(inputs))
    model = keras.Model(inputs, layers.Dense(10, name="logits")(h))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=False)  # XLA would compile longer than it trains
    model.fit(x.reshape(-1, 8, 8) / 16, y, epochs=3, verbose=0)
    model.save(HERE / "teacher.keras")
    model.save_weights(HERE / "teacher.weights.h5")
