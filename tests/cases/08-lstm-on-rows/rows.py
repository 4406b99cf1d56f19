"""A recurrent network that reads an image row by row, without any dropout of its own."""

import keras

KINDS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "plain": keras.layers.SimpleRNN}


def build(recipe, shape, classes, parts):
    own = recipe["model"]
    inputs = keras.Input(shape)
    x = KINDS[own["cell"]](
        own["units"],
        kernel_initializer=keras.initializers.GlorotUniform(seed=parts.key("weights", "reader")),
        recurrent_initializer=keras.initializers.Orthogonal(seed=parts.key("weights", "reader_again")),
        seed=parts.key("masks", "reader"),
        name="reader",
    )(inputs)
    return keras.Model(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(x))
