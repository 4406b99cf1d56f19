"""The room of a program for more examples or steps than it is given, so that one program serves folds of several sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def filled(values: Array, room: int) -> Array:
    """Values with zeros after them, so that they fill the room, unless they are more."""
    lacking = room - len(values)
    return np.pad(values, [(0, lacking), *[(0, 0)] * (values.ndim - 1)]) if lacking > 0 else values
