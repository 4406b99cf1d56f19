"""A transformer over the columns of a table, each a token with a weight and a bias of its own (Gorishniy et al. 2021)."""

import keras
from keras import layers, ops


class Tokens(layers.Layer):
    """A token per column, `(batch, columns)` to `(batch, 1 + columns, size)`, after one that stands for the whole row."""

    def __init__(self, size, biased, **settings):
        super().__init__(**settings)
        self.size, self.biased = size, biased

    def build(self, shape):
        self.weight = self.add_weight(shape=(shape[-1], self.size), initializer="glorot_uniform", name="weight")
        self.row = self.add_weight(shape=(1, 1, self.size), initializer="glorot_uniform", name="row")
        if self.biased:
            self.bias = self.add_weight(shape=(shape[-1], self.size), initializer="glorot_uniform", name="bias")

    def call(self, x):
        tokens = x[..., None] * self.weight + (self.bias if self.biased else 0.0)
        return ops.concatenate([ops.broadcast_to(self.row, (ops.shape(x)[0], 1, self.size)), tokens], axis=1)


def build(recipe, shape, outputs, parts):
    settings = recipe["model"]
    inputs = keras.Input(shape)
    x = Tokens(settings["size"], settings["biases"], name="tokens")(inputs)
    for place in range(settings["depth"]):
        normal = x if place == 0 else layers.LayerNormalization(name=f"before_{place}")(x)
        heads = layers.MultiHeadAttention(
            settings["heads"], settings["size"] // settings["heads"], name=f"attention_{place}"
        )
        x = layers.Add()(
            [x, layers.Dropout(settings["attention_dropout"], name=f"kept_{place}")(heads(normal, normal))]
        )
        wide = layers.Dense(2 * settings["size"], "relu", name=f"wide_{place}")(
            layers.LayerNormalization(name=f"norm_{place}")(x)
        )
        x = layers.Add()([x, layers.Dense(settings["size"], name=f"narrow_{place}")(wide)])
    last = layers.LayerNormalization(name="last")(x[:, 0])
    return keras.Model(inputs, layers.Dense(outputs, name="logits")(layers.ReLU()(last)))
