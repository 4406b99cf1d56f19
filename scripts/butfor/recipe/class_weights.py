"""What each training example counts in the loss, by its class."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def class_weights(
    settings: dict[str, Any], classes: npt.NDArray[np.int32], count: int
) -> npt.NDArray[np.float32] | None:
    """The weight of each class, `(count,)`; None where all examples are alike. classes: of the training part, any shape.

    balanced: n / (count·n_k), whose mean over the examples is 1 (King & Zeng 2001, as in scikit-learn).
    """
    if settings["name"] == "none":
        return None
    if settings["name"] == "given":
        return np.asarray(settings["weights"], np.float32)
    frequencies = np.bincount(classes.reshape(-1), minlength=count)
    balanced = classes.size / (count * np.maximum(frequencies, 1))
    return np.where(frequencies > 0, balanced, 0.0).astype(np.float32)
