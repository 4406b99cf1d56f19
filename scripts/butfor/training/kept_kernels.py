"""The kernels that were drawn last: the runs of one seed begin with the same ones in many arms, and each record asks again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.fingerprint import fingerprint

Floats = npt.NDArray[np.float32]
Settings = dict[str, Any]
Shape = tuple[int, ...]
MOST, SHARE = 2**28, 32  # bytes: those of the example study at 30 seeds; of memory, one part of so many at most


def most_kept(memory: int) -> int:
    """The bytes of kernels that are kept where a process may use so many in all."""
    return min(MOST, memory // SHARE)


class KeptKernels:
    """Kernels by what they follow from, as arrays that nobody can write into. most: bytes of those that are kept."""

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._kept: OrderedDict[tuple[str, int, Shape], Floats] = OrderedDict()
        self._held = threading.Lock()

    def drawn(
        self, draw: Callable[[Settings, int, Shape], Floats], settings: Settings, key: int, shape: Shape
    ) -> Floats:
        """What `draw` gives of these, drawn now or before."""
        place = fingerprint(settings), key, tuple(shape)
        with self._held:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
        values = draw(settings, key, shape)
        values.setflags(write=False)
        with self._held:
            self._bytes += values.nbytes - (self._kept[place].nbytes if place in self._kept else 0)
            self._kept[place] = values
            while self._bytes > self._most:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return values
