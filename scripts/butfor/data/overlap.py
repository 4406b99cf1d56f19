"""Test examples that are training examples too: a model is not asked about anything new with them."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from butfor.data.several_inputs import Array, Inputs, each

MUCH = 0.01  # share of the test examples from which on the report begins with it
WORD, BLOCK = 8, 1 << 24  # bytes of a number, and of examples that are looked at together


def shared_examples(train: Inputs, test: Inputs) -> int:
    """How many of the `test` examples equal one of `train` in every value of every input; both of one shape and type, (n, …)."""
    of_train, of_test = _sums(train), _sums(test)
    likely = np.flatnonzero(np.isin(of_train, of_test))  # most are told apart by a sum, in a tenth of the time
    tested = Counter(_digests(test, range(len(of_test))))  # and not those of the training part, which may be many
    return sum(tested.pop(seen, 0) for seen in _digests(train, likely))


def overlap_words(shared: int, tested: int) -> str:
    """The overlap in words; empty if there is none."""
    if not shared:
        return ""
    verb = "is a training example" if shared == 1 else "are training examples"
    return f"{shared} of {tested} test examples {verb} too, value by value"


def overlap_warning(shared: int, tested: int) -> str:
    """What the report begins with where much is shared; empty where it is not."""
    if shared < MUCH * tested:
        return ""
    return (
        f"**The test examples are not all new.** {overlap_words(shared, tested)}, so test figures say in part what was learnt"
        " by heart, and an arm that learns more by heart looks better than it is. Take them out of one part."
    )


def _sums(inputs: Inputs) -> Array:
    """Of each example a sum of its values as numbers of 64 bits, each times another odd number: (n,). Equal examples have equal
    ones."""
    total: Any = np.uint64(0)
    for _, x in sorted(each(inputs)):
        size = math.prod(x.shape[1:]) * x.dtype.itemsize
        words = np.zeros((max(1, min(len(x), BLOCK // max(1, size))), -(-size // WORD)), np.uint64)
        sums = np.zeros(len(x), np.uint64)
        factors = np.random.default_rng(0).integers(1 << 63, size=words.shape[1], dtype=np.uint64) * 2 + 1
        for first in range(0, len(x), len(words)):
            rows = np.ascontiguousarray(x[first : first + len(words)])
            words[: len(rows)].view(np.uint8)[:, :size] = np.frombuffer(rows, np.uint8).reshape(len(rows), size)
            sums[first : first + len(rows)] = words[: len(rows)] @ factors
        total = 3 * total + sums
    return np.asarray(total)


def _digests(inputs: Inputs, rows: Iterable[int]) -> Iterator[tuple[bytes, ...]]:
    """Of each example in the rows one digest per input."""
    return zip(*(map(_digest, (x[row] for row in rows)) for _, x in sorted(each(inputs))), strict=True)


def _digest(example: Array) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(example).data, digest_size=16).digest()
