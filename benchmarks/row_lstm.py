"""An LSTM over the rows of an image, as a model of one's own."""

import keras


def build(recipe, shape, classes, parts):
    inputs = keras.Input(shape)
    return keras.Model(inputs, keras.layers.Dense(classes, name="logits")(keras.layers.LSTM(32, name="rows")(inputs)))
