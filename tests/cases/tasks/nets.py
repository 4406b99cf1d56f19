"""Models of several tasks."""

import keras
from keras import layers, ops


def unet(recipe, shape, classes, parts):
    inputs, filters = keras.Input(shape), recipe["model"]["filters"]
    wide = layers.Conv2D(filters, 3, padding="same", activation="relu", name="down")(inputs)
    deep = layers.Conv2D(2 * filters, 3, padding="same", activation="relu", name="deep")(layers.MaxPooling2D()(wide))
    up = layers.UpSampling2D()(deep)
    joined = layers.Concatenate()([up, wide]) if recipe["model"]["skip"] else up
    last = layers.Conv2D(filters, 3, padding="same", activation="relu", name="up")(joined)
    return keras.Model(inputs, layers.Conv2D(classes, 1, name="logits")(last))


def tagger(recipe, shape, classes, parts):
    inputs = keras.Input(shape)
    words = layers.Embedding(50, 16, name="words")(inputs)
    read = layers.Conv1D(24, 2, padding="causal", activation="relu", name="reader")(words)  # a word and the one before
    return keras.Model(inputs, layers.Dense(classes, activation="softmax", name="tags")(read))


def forecaster(recipe, shape, outputs, parts):
    inputs = keras.Input(shape)
    read = layers.GRU(12, name="reader")(inputs)
    return keras.Model(inputs, layers.Dense(outputs, name="next")(read))


class Vae(keras.Model):
    """A variational autoencoder with a loss of its own."""

    def __init__(self, latent, width):
        super().__init__()
        self.encoder = keras.Sequential([layers.Dense(48, activation="relu"), layers.Dense(2 * latent)])
        self.decoder = keras.Sequential(
            [layers.Dense(48, activation="relu"), layers.Dense(width, activation="sigmoid")]
        )
        self.latent, self.noise = latent, keras.random.SeedGenerator()

    def call(self, x, training=None):
        mean, spread = ops.split(self.encoder(x), 2, axis=-1)
        drawn = keras.random.normal(ops.shape(mean), seed=self.noise) if training else 0.0
        self.add_loss(-0.5 * ops.mean(ops.sum(1 + spread - mean**2 - ops.exp(spread), -1)))
        return self.decoder(mean + ops.exp(spread / 2) * drawn)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(ops.sum((y - y_pred) ** 2, -1)) + sum(self.losses)


def vae(recipe, shape, outputs, parts):
    return Vae(recipe["model"]["latent"], shape[-1])
