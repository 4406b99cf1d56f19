"""3 positives in 100, hardly to be told apart: the accuracy of always saying no is 97 %."""

import numpy as np

rng = np.random.default_rng(5)


def rows(n):
    y = (np.arange(n) % 33 == 0).astype(np.int64)
    x = rng.normal(size=(n, 6)) + 0.6 * y[:, None]
    return x.astype(np.float32), y


(x, y), (u, v) = rows(1320), rows(660)
np.savez("rare.npz", x_train=x, y_train=y, x_test=u, y_test=v)
