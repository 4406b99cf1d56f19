"""The same pictures as arrays, as a tf.data.Dataset and as a keras.utils.PyDataset."""

import numpy as np


def _pictures():
    generator = np.random.default_rng(0)
    kinds, labels = generator.integers(0, 256, (4, 8, 8)), generator.integers(4, size=500)
    pictures = kinds[labels] * 0.6 + generator.integers(0, 100, (500, 8, 8))
    return pictures.astype(np.uint8), labels


def as_plain():
    x, y = _pictures()
    return x[:400], y[:400], x[400:], y[400:]


def as_pipelines():
    import tensorflow as tf

    whole = tf.data.Dataset.from_tensor_slices(_pictures())
    return {"train": whole.take(400).batch(32).prefetch(2), "test": whole.skip(400)}


def shuffled():
    parts = as_pipelines()
    return {**parts, "train": parts["train"].shuffle(5)}


def as_batches():
    import keras

    class Batches(keras.utils.PyDataset):
        def __init__(self, x, y):
            super().__init__()
            self.x, self.y = x, y

        def __len__(self):
            return -(-len(self.x) // 64)

        def __getitem__(self, place):
            rows = slice(place * 64, (place + 1) * 64)
            return self.x[rows], self.y[rows]

    x, y = _pictures()
    return Batches(x[:400], y[:400]), Batches(x[400:], y[400:])
