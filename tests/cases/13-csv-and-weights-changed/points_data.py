"""The CSV as arrays."""

import numpy as np


def load():
    table = np.loadtxt("points.csv", delimiter=",")
    x, y = table[:, :4].astype(np.float32), table[:, 4].astype(int)
    return x[:700], y[:700], x[700:], y[700:]
