"""Two dense layers behind Keras's own noise and rotation, seeded as butfor's README says: seed=parts.key(name)."""

import keras


def build(recipe, shape, classes, parts):
    own = recipe["model"]
    inputs = keras.Input(shape)
    x = keras.layers.Reshape((*shape, 1))(inputs)
    if own["rotate"]:
        x = keras.layers.RandomRotation(
            own["rotate"], fill_mode="constant", seed=parts.key("rotation"), name="rotation"
        )(x)
    x = keras.layers.Flatten()(x)
    if own["noise"]:
        x = keras.layers.GaussianNoise(own["noise"], seed=parts.key("noise"), name="noise")(x)
    x = parts.dense(x, 32, "hidden_1", "relu")
    return keras.Model(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(x))
