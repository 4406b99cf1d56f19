"""The statistics of weights, activations and gradients that a record holds for each layer with a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NEAR_ZERO = 1e-3
BINS = 40
DRAWN_IMAGES = 256  # for which a record says what dropout and augmentation draw
MOST_VALUES = 2_000_000  # convolutions have so many activations that sorting them all would take seconds

Array = npt.NDArray[Any]


def layer_row(
    layer: str, activation: str, kernel: Array, bias: Array | None, activations: Array, gradient: Array | None
) -> dict[str, Any]:
    """What a record holds of a layer.

    activation: the name of its function. kernel: units on its last axis. activations: `(images, *units)`, what leaves the
    function; their `separation` is the standard deviation over images, averaged over units. gradient: the cross-entropy's,
    of the kernel, summed up by its norm and root mean square; None where there is none.
    """
    return {
        "layer": layer,
        "activation": activation,
        "shape": list(kernel.shape),
        "weights": {**spread(kernel), "largest_norm": _largest_norm(kernel)},
        "biases": None if bias is None else _ends(bias),
        "activations": {**spread(activations), "separation": _separation(activations)},
        "gradient": None if gradient is None else _size(gradient),
    }


def spread(values: Array) -> dict[str, Any]:
    """Mean, standard deviation, root mean square, mean size, quantiles, histogram, and shares of values that are 0,
    near 0 or saturated.

    The moments are of all values; of more than two million, the rest are of the first rows up to that many. Near 0: at
    most 1e-3 in size. Saturated, for a sigmoid: outside (.05, .95); for tanh: beyond .95 in size.
    """
    every = values.reshape(-1)
    flat = _some(values).reshape(-1).astype(np.float64)
    with np.errstate(all="ignore"):
        return {
            "mean": every.mean(dtype=np.float64),
            "std": every.std(dtype=np.float64),
            "rms": np.sqrt(np.square(every, dtype=np.float64).mean()),
            "mean_abs": np.abs(every).mean(dtype=np.float64),
            "quantiles": np.quantile(flat, QUANTILES),
            "histogram": _histogram(flat),
            "zero": (flat == 0).mean(),
            "near_zero": (np.abs(flat) <= NEAR_ZERO).mean(),
            "saturated_sigmoid": ((flat < 0.05) | (flat > 0.95)).mean(),
            "saturated_tanh": (np.abs(flat) > 0.95).mean(),
        }


def _histogram(flat: Array) -> dict[str, Any]:
    """Counts in bins of equal width from the smallest to the largest finite value."""
    finite = flat[np.isfinite(flat)]
    if not len(finite) or not np.isfinite(finite.max() - finite.min()):
        return {"low": 0.0, "high": 0.0, "counts": []}
    counts, edges = np.histogram(finite, BINS)
    return {"low": edges[0], "high": edges[-1], "counts": counts}


def _some(values: Array) -> Array:
    return values[: max(1, MOST_VALUES // max(1, values[0].size))]


def _separation(values: Array) -> float:
    with np.errstate(all="ignore"):
        return float(_some(values).astype(np.float64).std(axis=0).mean())


def _largest_norm(kernel: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.square(kernel.astype(np.float64)).sum(axis=tuple(range(kernel.ndim - 1))).max()))


def _ends(values: Array) -> dict[str, float]:
    return {
        "mean": float(values.mean()),
        "std": float(values.std()),
        "low": float(values.min()),
        "high": float(values.max()),
    }


def _size(gradient: Array) -> dict[str, float]:
    with np.errstate(all="ignore"):
        norm = float(np.sqrt(np.square(gradient.astype(np.float64)).sum()))
    return {"norm": norm, "rms": norm / float(np.sqrt(gradient.size))}
