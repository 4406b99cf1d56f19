import keras


def build(recipe, shape, classes, parts):
    image, notes = (keras.Input(shape[name], name=name) for name in ("image", "notes"))
    x, inputs = parts.flatten(parts.augmented(image)), {"image": image}
    if recipe["model"]["notes"]:
        x, inputs = keras.layers.Concatenate()([x, notes]), {"image": image, "notes": notes}
    x = parts.dropout(parts.dense(x, 32, "hidden_1", "relu"))
    return keras.Model(inputs, keras.layers.Dense(classes, **parts.kernel("logits"))(x))
