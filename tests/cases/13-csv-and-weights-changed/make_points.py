"""Points in a CSV, as exported from a spreadsheet, and weights from an earlier training. `fixed` mends the wrong labels."""

import sys

import numpy as np

rng = np.random.default_rng(3)
y = rng.integers(3, size=900)
x = rng.normal(size=(900, 4)) + 2.0 * np.eye(3, 4)[y]
if "fixed" not in sys.argv:
    y = np.where(rng.uniform(size=900) < 0.4, rng.integers(3, size=900), y)  # 4 in 10 rows mislabelled
np.savetxt("points.csv", np.column_stack([x, y]), delimiter=",", header="a,b,c,d,label", fmt="%.5f")
if "weights" in sys.argv or "fixed" not in sys.argv:
    seed = 8 if "weights" in sys.argv else 7
    np.save("pretrained.npy", np.random.default_rng(seed).normal(0, 0.7, size=(4, 16)).astype(np.float32))
