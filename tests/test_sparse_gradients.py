"""The gradient of an embedding has a row for each word of a batch: what comes of many rows of one word is the same each time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from butfor.engine.keras_optimisers import RateTable, optimiser
from conftest import resolved

ROWS, WORDS, SIZE, RATE, TIMES = 3000, 10, 300, 0.5, 20


@pytest.mark.parametrize("rule", ["sgd", "adagrad"])
def test_the_rows_of_a_word_are_added_one_after_another(rule):
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("a GPU adds in any order")
    draws = np.random.default_rng(0)
    rows, words = draws.normal(size=(ROWS, SIZE)).astype(np.float32), draws.integers(0, WORDS, ROWS)
    start = draws.normal(size=(WORDS, SIZE)).astype(np.float32)
    kept = keras.Variable(start)
    made = optimiser(resolved(optimiser=rule), RateTable(np.full(2 * TIMES, RATE, np.float32)))
    made.build([kept])
    gradient, left = tf.IndexedSlices(rows, words, (WORDS, SIZE)), [v for v in made.variables if v.shape == kept.shape]
    expected = [start.copy(), *(v.numpy() for v in left)]
    if rule == "sgd":
        np.subtract.at(expected[0], words, rows * np.float32(RATE))
    else:
        np.add.at(expected[1], words, rows * rows)
    before, compared = [v.numpy() for v in (kept, *left)], slice(len(left), None)  # adagrad's root is TensorFlow's own
    for _ in range(TIMES):
        for variable, value in zip((kept, *left), before, strict=True):
            variable.assign(value)
        made.apply([gradient], [kept])
        found = [v.numpy() for v in (kept, *left)]
        assert all(np.array_equal(a, b) for a, b in zip(found[compared], expected[compared], strict=True))
