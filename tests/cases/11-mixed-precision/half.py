"""A dense network in full or in mixed precision; logits stay float32, as Keras's guide says."""

import keras


def build(recipe, shape, classes, parts):
    keras.config.set_dtype_policy(recipe["model"]["precision"])
    inputs = keras.Input(shape)
    x = parts.dense(keras.layers.Flatten()(inputs), 64, "hidden_1", "relu")
    x = parts.dense(x, 32, "hidden_2", "relu")
    return keras.Model(inputs, keras.layers.Dense(classes, dtype="float32", **parts.kernel("logits"))(x))
