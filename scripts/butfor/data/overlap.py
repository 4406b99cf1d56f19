"""Test examples that are training examples too: a model is not asked about anything new with them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

import numpy as np

from butfor.data.several_inputs import Array, Inputs, each

MUCH = 0.01  # share of the test examples from which on the report begins with it


def shared_examples(train: Inputs, test: Inputs) -> int:
    """How many of the `test` examples equal one of `train` in every value of every input; both of one shape and type, (n, …)."""
    tested = Counter(_digests(test))  # and not those of the training part, which may be many
    return sum(tested.pop(seen, 0) for seen in _digests(train))


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


def _digests(inputs: Inputs) -> Iterator[tuple[bytes, ...]]:
    """Of each example one digest per input."""
    return zip(*(map(_digest, x) for _, x in sorted(each(inputs))), strict=True)


def _digest(example: Array) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(example).data, digest_size=16).digest()
