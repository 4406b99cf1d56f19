"""Arrays to be filled that may be larger than memory: those that are large lie in nameless files, which end with them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.process.memory_limit import memory_limit

Array = npt.NDArray[Any]
SHARE = 8  # of the memory, beyond which an array lies on disk


def empty_array(shape: tuple[int, ...], kind: npt.DTypeLike, scratch: Path) -> Array:
    """An array of that shape and type, in memory, or in a file in the folder `scratch` where it would take much of it."""
    if np.dtype(kind).itemsize * int(np.prod(shape, dtype=np.int64)) <= memory_limit() / SHARE:
        return np.empty(shape, kind)
    return array_on_disk(shape, kind, scratch)


def array_on_disk(shape: tuple[int, ...], kind: npt.DTypeLike, scratch: Path) -> Array:
    """An array in a file in the folder `scratch`."""
    with tempfile.TemporaryFile(dir=scratch) as file:
        return np.memmap(file, kind, "w+", shape=shape)
