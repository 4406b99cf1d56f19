"""What the loss sees of targets that are numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def target_scale(recipe: dict[str, Any], targets: Array) -> tuple[Array, Array] | None:
    """The centre and the spread of each number, float32 in the shape of one target, by the training targets `(n, *target)`; None
    where they are taken as they are. One that is the same for all has the spread 1."""
    if recipe["target_scaling"]["name"] == "none":
        return None
    centre, spread = targets.mean(axis=0, dtype=np.float64), targets.std(axis=0, dtype=np.float64)
    return centre.astype(np.float32), np.where(spread > 0, spread, 1.0).astype(np.float32)
