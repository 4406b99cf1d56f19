"""An array that stays in its file, of which rows are read as they are asked for, so that it may be larger than memory.

Rows are read and not mapped: what is mapped counts as the process's memory as long as the system likes.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
VALUES = 1 << 22  # that are looked at at once where a whole array is gone through


class OpenFile:
    """A file that stays open as long as something may read it: another that takes its place is another file."""

    def __init__(self, path: Path) -> None:
        self.path, self._descriptor = path, os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)

    def fill(self, target: memoryview, pieces: Iterable[tuple[int, int, int]]) -> None:
        """Read pieces into a target: where each begins and ends there, and where it begins in the file. Raises OSError where the
        file ends before that."""
        for start, end, at in pieces:
            read = os.preadv(self._descriptor, [target[start:end]], at)
            while read < end - start:
                more = os.preadv(self._descriptor, [target[start + read : end]], at + read)
                if not more:
                    raise OSError(f"{self.path} ends before its last row")
                read += more


class StreamedArray:
    """An array `(n, *example)` in a file, with what a NumPy array tells of itself; rows of it are NumPy arrays.

    offset: where its first value lies in the file. scale: what is done to rows that have been read.
    """

    def __init__(
        self,
        file: OpenFile,
        shape: tuple[int, ...],
        stored: np.dtype[Any],
        offset: int,
        scale: Callable[[Array], Array] | None = None,
    ) -> None:
        self._file, self._stored, self._offset, self._scale = file, stored, offset, scale
        self.shape, self.ndim = shape, len(shape)
        self._row = stored.itemsize * int(np.prod(shape[1:], dtype=np.int64))
        self.dtype = self[:1].dtype

    def scaled(self, scale: Callable[[Array], Array]) -> StreamedArray:
        """The same array, with its rows scaled as they are read."""
        before = self._scale
        both = scale if before is None else lambda rows: scale(before(rows))
        return StreamedArray(self._file, self.shape, self._stored, self._offset, both)

    def first(self, count: int) -> StreamedArray:
        """The array of its first rows."""
        shape = (count, *self.shape[1:])
        return StreamedArray(self._file, shape, self._stored, self._offset, self._scale)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def size(self) -> int:
        """How many values it has."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __getitem__(self, rows: slice | Array) -> Array:
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        read = self._read(np.asarray(rows, np.int64))
        return read if self._scale is None else self._scale(read)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype)

    def blocks(self) -> Iterator[Array]:
        """All rows, some at a time."""
        some = max(1, VALUES * len(self) // max(1, self.size))
        return (self[at : at + some] for at in range(0, len(self), some))

    def min(self) -> Any:
        """The smallest value."""
        return min(block.min() for block in self.blocks())

    def max(self) -> Any:
        """The largest value."""
        return max(block.max() for block in self.blocks())

    def _read(self, rows: Array) -> Array:
        """Rows as they are stored; those that lie one after another are read at once."""
        values = np.empty((len(rows), *self.shape[1:]), self._stored)
        if not values.size:
            return values
        if rows.min() < 0 or rows.max() >= len(self):
            raise IndexError(f"rows from 0 to {len(self) - 1} were expected, received {rows.min()} to {rows.max()}")
        starts = np.flatnonzero(np.diff(rows, prepend=rows[0] - 2) != 1)
        ends, places = np.append(starts[1:], len(rows)) * self._row, self._offset + rows[starts] * self._row
        pieces = zip((starts * self._row).tolist(), ends.tolist(), places.tolist(), strict=True)
        self._file.fill(values.reshape(-1).view(np.uint8).data, pieces)
        return values
