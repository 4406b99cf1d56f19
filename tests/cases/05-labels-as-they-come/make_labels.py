"""The same 150 flowers with labels as people really bring them, one npz for each."""

import numpy as np
from sklearn.datasets import load_iris

iris = load_iris()
order = np.random.default_rng(0).permutation(150)
x, y = iris.data[order].astype(np.float32), iris.target[order]
names = iris.target_names[y]
forms = {
    "from_one": y + 1,  # R and MATLAB count from 1
    "float": y.astype(np.float64),  # what pandas makes of a column that once had a gap
    "one_hot": np.eye(3, dtype=np.float32)[y],  # to_categorical
    "words": names.astype(str),
    "objects": names.astype(object),  # a pandas column
    "bool": y == 2,  # one against the rest
    "signed": np.where(y == 2, 1, -1),  # as for an SVM
    "price": x[:, 3] * 1.7 + 0.2,  # a regression target
}
for form, labels in forms.items():
    np.savez(f"{form}.npz", x_train=x[:120], y_train=labels[:120], x_test=x[120:], y_test=labels[120:])
holes = x.copy()
holes[::17, 2] = np.nan
np.savez("nan.npz", x_train=holes[:120], y_train=y[:120], x_test=holes[120:], y_test=y[120:])
np.savez("ok.npz", x_train=x[:120], y_train=y[:120], x_test=x[120:], y_test=y[120:])
