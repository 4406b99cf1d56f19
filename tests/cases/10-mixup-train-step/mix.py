"""A dense network trained on mixed pairs of images, by a train_step of its own."""

import keras
import tensorflow as tf


class Mixing(keras.Model):
    """Trains on (1 - s)·batch + s·reversed batch, with s drawn for each step from a generator that the model owns."""

    def __init__(self, *args, strength, seed, **kwargs):
        super().__init__(*args, **kwargs)
        self.strength = strength
        self.shares = keras.random.SeedGenerator(seed)

    def train_step(self, data):
        x, y = data
        share = self.strength * keras.random.uniform((), seed=self.shares)
        mixed = (1 - share) * x + share * x[::-1]
        with tf.GradientTape() as tape:
            logits = self(mixed, training=True)
            here = self.compute_loss(x=mixed, y=y, y_pred=logits)
            there = self.compute_loss(x=mixed, y=y[::-1], y_pred=logits)
            loss = (1 - share) * here + share * there
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.metrics[0].update_state(loss)
        return {"loss": self.metrics[0].result()}


def build(recipe, shape, classes, parts):
    strength = recipe["model"]["mixing"]
    inputs = keras.Input(shape)
    x = parts.dense(keras.layers.Flatten()(inputs), 32, "hidden_1", "relu")
    outputs = keras.layers.Dense(classes, **parts.kernel("logits"))(x)
    if not strength:
        return keras.Model(inputs, outputs)
    return Mixing(inputs, outputs, strength=strength, seed=parts.key("mixing"))
