"""The statistics of a layer are those of NumPy's own functions, to the bit, from one sort of its values."""

import numpy as np
import pytest

from butfor.records.layer_statistics import BINS, QUANTILES, layer_row

DRAWS = np.random.default_rng(0)
LIMITS = np.array([0.05, 0.95, -0.95, 1e-3, -1e-3, 0.0])
VALUES = {
    "normal": DRAWS.normal(size=(300, 41)),
    "relu": np.maximum(DRAWS.normal(size=(200, 7)), 0),
    "tanh": np.tanh(3 * DRAWS.normal(size=(100, 9))),
    "on the limits": LIMITS[DRAWS.integers(0, 6, (50, 20))],
    "on the edges of bins": DRAWS.integers(-4, 5, (60, 5)) * 0.25,
    "equal": np.full((5, 3), 0.05),
    "zeros": np.zeros((4, 4)),
    "one": np.array([[2.5]]),
    "two": np.array([[2.5, -1.0]]),
    "without a number": np.array([[1.0, np.nan, 0.0, 0.99]]),
    "infinite": np.array([[1.0, np.inf], [0.0, -np.inf]]),
    "too large": np.array([[3e38, -3e38], [1e38, 0.0]]),
}


def by_numpy(values):
    flat = values.reshape(-1).astype(np.float64)
    finite = flat[np.isfinite(flat)]
    counts, edges = np.histogram(finite, BINS)
    return {
        "mean": values.mean(dtype=np.float64),
        "std": values.std(dtype=np.float64),
        "rms": np.sqrt(np.square(flat).mean()),
        "mean_abs": np.abs(flat).mean(),
        "quantiles": np.quantile(flat, QUANTILES),
        "histogram": {"low": edges[0], "high": edges[-1], "counts": counts},
        "zero": (flat == 0).mean(),
        "near_zero": (np.abs(flat) <= 1e-3).mean(),
        "saturated_sigmoid": ((flat < 0.05) | (flat > 0.95)).mean(),
        "saturated_tanh": (np.abs(flat) > 0.95).mean(),
    }


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("name", VALUES)
def test_one_sort_tells_what_numpy_tells_of_the_values(name, precision):
    values = VALUES[name].astype(precision)
    with np.errstate(all="ignore"):
        row, expected = layer_row("layer", "relu", values, values[0], values, values), by_numpy(values)
        norm = np.sqrt(np.square(values.astype(np.float64)).sum(axis=0).max())
        separation = values.astype(np.float64).std(axis=0).mean()
    np.testing.assert_equal(row["weights"].pop("largest_norm"), norm)
    np.testing.assert_equal(row["activations"].pop("separation"), separation)
    for part in ("weights", "activations"):
        np.testing.assert_equal(row[part], expected)


def test_equal_values_so_large_that_no_bin_has_a_width_have_no_histogram():
    values = np.full((2, 2), 2e38, np.float32)
    assert layer_row("layer", "relu", values, None, values, None)["weights"]["histogram"]["counts"] == []


def test_of_more_than_two_million_values_the_first_rows_are_sorted():
    values = np.concatenate([np.zeros((2000, 1000), np.float32), np.ones((1000, 1000), np.float32)])
    row = layer_row("layer", "relu", values, None, values, None)["activations"]
    assert row["zero"] == 1.0 and row["histogram"]["counts"].sum() == 2_000_000 and row["mean"] == pytest.approx(1 / 3)
