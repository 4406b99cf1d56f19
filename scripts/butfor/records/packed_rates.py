"""Learning rates in little space and without loss: what a long training used at each of millions of steps.

Rates follow schedules, so that from one step to the next their bits change little and evenly.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

LONGEST_LIST = 10_000  # steps; as a list, a record of more would be little else
KEY = "float32"  # of a packed text in its record


def packed(rates: Sequence[Any]) -> Any:
    """The rates of few steps as a list; those of many as one text: the differences of their bits as float32, compressed."""
    if len(rates) <= LONGEST_LIST:
        return list(rates)
    bits = np.asarray(rates, np.float32).view(np.int32)
    differences = np.diff(bits, prepend=np.int32(0)).astype("<i4")
    by_place = differences.view(np.uint8).reshape(-1, 4).T  # the high bytes together, which are nearly all 0
    return {KEY: base64.b64encode(zlib.compress(by_place.tobytes())).decode()}


def unpacked(written: Any) -> Any:
    """The rates that were `packed`: a list, or of many steps an array of float32. Raises ValueError."""
    if isinstance(written, list):
        return written
    try:
        by_place = np.frombuffer(zlib.decompress(base64.b64decode(written[KEY])), np.uint8)
    except zlib.error as failure:
        raise ValueError(f"damaged learning rates: {failure}") from failure
    differences: npt.NDArray[np.int32] = by_place.reshape(4, -1).T.copy().view("<i4").reshape(-1)
    return np.cumsum(differences, dtype=np.int32).view(np.float32)
