"""Digests of arrays are those of their bytes in the order of rows, however they lie in memory."""

import hashlib

import numpy as np
import pytest

from butfor.fingerprint import digest

ROWS = np.arange(24, dtype=np.float32).reshape(4, 6)
ARRAYS = {
    "rows": ROWS,
    "columns": np.asfortranarray(ROWS),
    "every other column": ROWS[:, ::2],
    "backwards": ROWS[::-1],
    "three axes turned": ROWS.reshape(2, 3, 4).transpose(2, 0, 1),
    "one value": np.array(7, np.int32),
    "none": np.empty((0, 3), np.float32),
    "bits": ROWS > 5,
    "half precision": ROWS.astype(np.float16),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_a_digest_is_that_of_the_bytes_in_the_order_of_rows(kind):
    array = ARRAYS[kind]
    assert digest(array) == hashlib.sha256(array.tobytes(order="C")).hexdigest()[:16]


def test_an_array_that_nobody_may_write_into_has_the_same():
    held = ROWS.copy()
    held.setflags(write=False)
    assert digest(held) == digest(ROWS)
