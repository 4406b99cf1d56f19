"""A convolution over word vectors that are drawn, read and kept, or read and trained further (Kim 2014)."""

from pathlib import Path

import keras
import numpy as np
from keras import layers


def build(recipe, shape, classes, parts):
    settings = recipe["model"]
    start = settings["vectors"] and keras.initializers.Constant(vectors(parts.vocabulary, settings["vectors"], parts))
    inputs = keras.Input(shape)
    words = layers.Embedding(
        len(parts.vocabulary) + 2,
        settings["size"],
        embeddings_initializer=start or "uniform",
        trainable=settings["tuned"],
        name="words",
    )(inputs)
    found = [
        layers.GlobalMaxPooling1D()(
            layers.Conv1D(settings["filters"], side, activation="relu", name=f"of_{side}")(words)
        )
        for side in settings["sides"]
    ]
    x = parts.dropout(layers.Concatenate()(found))
    return keras.Model(inputs, layers.Dense(classes, **parts.kernel("logits"))(x))


def vectors(vocabulary, path, parts):
    """A row per word, drawn where the file has none; rows 0 and 1 are nothing and unknown words."""
    known = dict(line.split(" ", 1) for line in Path(path).read_text("utf-8").splitlines())
    size = len(next(iter(known.values())).split())
    drawn = np.random.default_rng(parts.key("unknown")).uniform(-0.25, 0.25, (len(vocabulary) + 2, size))
    for row, word in enumerate(vocabulary, start=2):
        if word in known:
            drawn[row] = np.fromstring(known[word], sep=" ")
    return drawn
