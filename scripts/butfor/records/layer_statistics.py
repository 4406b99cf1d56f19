"""The statistics of weights, activations and gradients that a record holds for each layer with a kernel."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NEAR_ZERO = 1e-3
BINS = 40
DRAWN_IMAGES = 256  # for which a record says what dropout and augmentation draw
MOST_VALUES = 2_000_000  # convolutions have so many activations that sorting them all would take seconds

NUMBERS = np.arange(BINS + 1, dtype=np.float64)  # of the edges of bins

Array = npt.NDArray[Any]


def layer_row(
    layer: str, activation: str, kernel: Array, bias: Array | None, activations: Array, gradient: Array | None
) -> dict[str, Any]:
    """What a record holds of a layer.

    activation: the name of its function. kernel: units on its last axis. activations: `(images, *units)`, what leaves the
    function; their `separation` is the standard deviation over images, averaged over units. gradient: the cross-entropy's,
    of the kernel, summed up by its norm and root mean square; None where there is none.
    """
    weights, left = kernel.astype(np.float64), activations.astype(np.float64)
    return {
        "layer": layer,
        "activation": activation,
        "shape": list(kernel.shape),
        "weights": {**spread(kernel, weights), "largest_norm": _largest_norm(weights)},
        "biases": None if bias is None else _ends(bias),
        "activations": {**spread(activations, left), "separation": _separation(left)},
        "gradient": None if gradient is None else _size(gradient),
    }


def spread(values: Array, exact: Array) -> dict[str, Any]:
    """Mean, standard deviation, root mean square, mean size, quantiles, histogram, and shares of values that are 0,
    near 0 or saturated. exact: the values in double precision.

    The moments are of all values; of more than two million, the rest are of the first rows up to that many. Near 0: at
    most 1e-3 in size. Saturated, for a sigmoid: outside (.05, .95); for tanh: beyond .95 in size.
    """
    every = exact.reshape(-1)
    with np.errstate(all="ignore"):
        # The sums are those of values that are cast as they are added up.
        mean = values.reshape(-1).mean(dtype=np.float64)
        apart = every - mean
        np.square(apart, out=apart)
        std = np.sqrt(apart.mean())
        rms = np.sqrt(np.square(every, out=apart).mean())
        mean_abs = np.abs(values.reshape(-1)).mean(dtype=np.float64)
        return {"mean": mean, "std": std, "rms": rms, "mean_abs": mean_abs, **_order_statistics(_some(values))}


def _order_statistics(values: Array) -> dict[str, Any]:
    """What one sort tells: quantiles, histogram and shares."""
    ordered = np.sort(values, axis=None)
    size = numbers = len(ordered)
    if np.isnan(ordered[-1]):  # NaN is last
        numbers -= int(np.isnan(ordered).sum())
    places = map(int, np.searchsorted(ordered, _limits(ordered.dtype)))
    low, high, zero, past_zero, near, past_near, low_sigmoid, past_high, low_tanh = places
    beyond = numbers - past_high
    return {
        "quantiles": _quantiles(ordered) if numbers == size else np.full(len(QUANTILES), np.nan),
        "histogram": _histogram(ordered[low:high]),
        "zero": (past_zero - zero) / size,
        "near_zero": (past_near - near) / size,
        "saturated_sigmoid": (low_sigmoid + beyond) / size,
        "saturated_tanh": (low_tanh + beyond) / size,
    }


def _above(limit: float) -> float:
    """The number below which lie all that are at most the limit."""
    return math.nextafter(limit, math.inf)


@cache
def _limits(precision: np.dtype[Any]) -> Array:
    """Between which values are counted: the finite ones, and the rest by their shares."""
    largest = float(np.finfo(precision).max)
    shares = [0.0, _above(0.0), -NEAR_ZERO, _above(NEAR_ZERO), 0.05, _above(0.95), -0.95]
    return _reaching(np.array([-largest, _above(largest), *shares]), precision)


def _reaching(limits: npt.NDArray[np.float64], precision: np.dtype[Any]) -> Array:
    """The least number of a precision that reaches each limit: what lies below it lies below the limit."""
    near = limits.astype(precision)
    return np.where(near < limits, np.nextafter(near, precision.type(np.inf)), near)


def _quantiles(ordered: Array) -> npt.NDArray[np.float64]:
    """By linear interpolation between neighbours, from the nearer one, as NumPy's are."""
    places = np.array(QUANTILES) * (len(ordered) - 1)
    before = np.floor(places).astype(np.intp)
    low, high = (ordered[n].astype(np.float64) for n in (before, np.minimum(before + 1, len(ordered) - 1)))
    share, step = places - before, high - low
    return np.asarray(np.where(share >= 0.5, high - step * (1 - share), low + step * share))


def _histogram(finite: Array) -> dict[str, Any]:
    """Counts of ordered values in bins of equal width from the smallest to the largest, the last with its upper edge."""
    nothing: dict[str, Any] = {"low": 0.0, "high": 0.0, "counts": []}
    if not len(finite) or not np.isfinite(np.float64(finite[-1]) - np.float64(finite[0])):
        return nothing
    edges = _edges(float(finite[0]), float(finite[-1]))
    if (edges[:-1] >= edges[1:]).any():  # equal values, so large that bins around them have no width
        return nothing
    places = np.append(np.searchsorted(finite, _reaching(edges[:-1], finite.dtype)), len(finite))
    return {"low": edges[0], "high": edges[-1], "counts": places[1:] - places[:-1]}


def _edges(low: float, high: float) -> npt.NDArray[np.float64]:
    """Those of bins of equal width, as NumPy's histograms have them."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    width = (high - low) / BINS
    edges = NUMBERS * width + low if width else NUMBERS / BINS * (high - low) + low
    edges[-1] = high
    return edges


def _some(values: Array) -> Array:
    return values[: max(1, MOST_VALUES // max(1, values[0].size))]


def _separation(exact: Array) -> float:
    with np.errstate(all="ignore"):
        return float(_some(exact).std(axis=0).mean())


def _largest_norm(exact: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.square(exact).sum(axis=tuple(range(exact.ndim - 1))).max()))


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
