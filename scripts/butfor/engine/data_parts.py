"""A part of the data as the loops take it: held whole as tensors, or some rows at a time, read as they are needed.

Either way a compiled loop gathers each batch from tensors, by places in them, so that it computes the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from butfor.data.dataset import Array
from butfor.data.room import filled
from butfor.data.several_inputs import Inputs, each, mapped, taken
from butfor.data.streamed_array import StreamedArray

Indices = npt.NDArray[np.int32]
Tensor = Any
AT_ONCE = (
    1 << 22
)  # bytes of inputs that are read for one call of a compiled loop, if more than two batches; more is slower


class Portion(NamedTuple):
    """Examples of a part: some of its `rows`, and the `places` that these have in `inputs` and `targets`.

    steps: of rows by batch, how many are meant; the others stand there for the shape.
    """

    rows: Tensor
    places: Tensor
    inputs: Tensor
    targets: Tensor
    steps: Tensor


class HeldPart:
    """A part that is held whole. room: how many examples there is room for, if it is for more than these: all shapes are those of
    so many, so that what is compiled for one part serves others, and no row or step reaches what fills them up."""

    def __init__(self, inputs: Inputs, targets: Array, room: int = 0) -> None:
        self._inputs = mapped(lambda x: tf.constant(filled(x, room)), inputs)
        self._targets, self.room = tf.constant(filled(targets, room)), room

    def become(self, other: HeldPart) -> None:
        """Hold what another does."""
        self._inputs, self._targets, self.room = other._inputs, other._targets, other.room

    def batches(self, order: Indices, steps: int) -> Iterator[Portion]:
        """The first steps of an order `(steps, batch)`, in portions of one shape."""
        # Of a portion of one batch, XLA makes another program, with other last bits: so it has no room for more.
        rows = tf.constant(filled(order, self.room // order.shape[1] if len(order) > 1 else 1))
        yield Portion(rows, rows, self._inputs, self._targets, tf.constant(steps))

    def examples(self, rows: Indices, size: int) -> Iterator[Portion]:
        """All of these rows `(n,)`, in portions whose borders lie at multiples of a size."""
        wanted = tf.constant(rows, tf.int32)
        yield Portion(wanted, wanted, self._inputs, self._targets, tf.constant(1))


class StreamedPart:
    """A part whose inputs stay on disk."""

    def __init__(self, inputs: Any, targets: Array) -> None:
        self._inputs, self._targets = inputs, targets
        self._example = sum(x.dtype.itemsize * x.size // len(x) for _, x in each(inputs))

    def batches(self, order: Indices, steps: int) -> Iterator[Portion]:
        """As of a part that is held."""
        # Of a portion of one batch, XLA makes another program, with other last bits.
        some = min(max(2, AT_ONCE // (self._example * order.shape[1])), len(order))
        for at in range(0, steps, some):
            rows = order[at : min(at + some, steps)]
            padded = np.zeros((some, order.shape[1]), np.int32)
            padded[: len(rows)] = rows
            yield self._portion(rows.reshape(-1), padded, len(rows))

    def examples(self, rows: Indices, size: int) -> Iterator[Portion]:
        """As of a part that is held."""
        for at in range(0, len(rows), size):
            yield self._portion(rows[at : at + size], rows[at : at + size], 1)

    def _portion(self, wanted: Indices, rows: Indices, steps: int) -> Portion:
        lacking = rows.size - len(wanted)

        def padded(x: Array) -> tf.Tensor:
            return tf.constant(np.pad(x, [(0, lacking), *[(0, 0)] * (x.ndim - 1)]) if lacking else x)

        places = tf.reshape(tf.range(rows.size), rows.shape)
        inputs, targets = mapped(padded, taken(self._inputs, wanted)), padded(self._targets[wanted])
        return Portion(tf.constant(rows, tf.int32), places, inputs, targets, tf.constant(steps))


DataPart = HeldPart | StreamedPart


def part_of(inputs: Any, targets: Array, room: int = 0) -> DataPart:
    """A part with these inputs, which may be streamed. room: see HeldPart."""
    streams = any(isinstance(x, StreamedArray) for _, x in each(inputs))
    return StreamedPart(inputs, targets) if streams else HeldPart(inputs, targets, room)


def of_any_number(examples: Tensor) -> tf.TensorSpec:
    """What a compiled call is told of examples `(n, …)` that serves any n."""
    return tf.TensorSpec([None, *examples.shape[1:]], examples.dtype)
