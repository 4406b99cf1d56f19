"""The weights of training examples that the data bring, as they are stored."""

from __future__ import annotations

from typing import Any

import numpy as np

from butfor.data.dataset import ARRAYS, WEIGHTS, Array, DataError


def stored_weights(arrays: dict[str, Any], needs: dict[str, Any], official: int, source: str) -> dict[str, Array]:
    """The weights as float32 under their name, or nothing where there are none. needs: see data_needs. official: how many
    validation examples follow those of the training part, which count alike. Raises DataError where recipes need weights and
    there are none, or they are no weights."""
    if WEIGHTS not in arrays:
        if needs["given_weights"]:
            raise DataError(
                f"{source}: expected {WEIGHTS} beside {', '.join(ARRAYS)}, a weight for each training example, since a recipe"
                " has sample_weight: given; received none. Store it in the file, return it with the others, name the column of a"
                " table (data: {weights: …}), or leave sample_weight out."
            )
        return {}
    weights, count = np.asarray(arrays[WEIGHTS]), len(arrays["y_train"])
    if weights.shape == (count, 1):
        weights = weights[:, 0]
    if weights.shape != (count,) or weights.dtype.kind not in "biuf":
        raise DataError(
            f"{source}: expected {WEIGHTS} as {count} numbers, one for each training example, received {weights.dtype}"
            f" {weights.shape}."
        )
    wrong = ~(np.isfinite(weights.astype(np.float64)) & (weights >= 0))
    if wrong.any() or not weights.any():
        received = f"{weights[wrong][0]} in row {int(np.flatnonzero(wrong)[0])}" if wrong.any() else "0 for all"
        raise DataError(f"{source}: expected weights of 0 or more in {WEIGHTS}, some above 0, received {received}.")
    return {WEIGHTS: np.concatenate([weights.astype(np.float32), np.ones(official, np.float32)])}
