"""Small data sets of several tasks, made or shipped with scikit-learn."""

import numpy as np
from sklearn.datasets import load_diabetes, load_digits, make_multilabel_classification


def split(x, y, tested):
    return x[:-tested], y[:-tested], x[-tested:], y[-tested:]


def diabetes():
    data = load_diabetes(scaled=False)
    return split(data.data, data.target, 90)


def multilabel():
    return split(*make_multilabel_classification(1200, 20, n_classes=4, random_state=0), 200)


def shapes():
    """Squares (1) and discs (2) in noise."""
    rng, grid = np.random.default_rng(0), np.mgrid[:32, :32]
    x, y = rng.normal(0, 0.3, (220, 32, 32, 1)).astype("float32"), np.zeros((220, 32, 32), int)
    for image, mask in zip(x, y, strict=True):
        (a, b, c, d), size = rng.integers(6, 26, 4), rng.integers(3, 7)
        mask[(abs(grid[0] - a) < size) & (abs(grid[1] - b) < size)] = 1
        mask[(grid[0] - c) ** 2 + (grid[1] - d) ** 2 < size**2] = 2
        image[..., 0] += mask
    return split(x, y, 60)


def tags():
    """A class for each word, by the word and the one before it."""
    x = np.random.default_rng(0).integers(1, 50, (600, 12))
    return split(x, x % 3 + np.roll(x, 1, 1) % 2, 100)


def waves():
    """The next four values of a noisy wave, from the last twenty."""
    rng = np.random.default_rng(0)
    series = np.sin(np.arange(1500) / 7) + rng.normal(0, 0.1, 1500)
    windows = np.lib.stride_tricks.sliding_window_view(series, 24)
    return split(windows[:, :20, None], windows[:, 20:], 300)


def pictures():
    """Digits that are to be drawn again."""
    x = (load_digits().data / 16).astype("float32")
    return split(x, x, 300)
