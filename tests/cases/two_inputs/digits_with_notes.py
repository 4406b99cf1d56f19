"""Scikit-learn's digits, each image with three columns made up of its class: an image and a row of a table as two inputs."""

import numpy as np
from sklearn.datasets import load_digits


def load():
    digits, rng = load_digits(), np.random.default_rng(0)
    image = (digits.images * 15).astype(np.uint8)
    notes = np.column_stack([digits.target % 2, digits.target > 4, digits.target]) + rng.normal(0, 1.5, (1797, 3))
    inputs = {"image": image, "notes": notes.astype(np.float32)}
    train, test = ({name: x[rows] for name, x in inputs.items()} for rows in (slice(600), slice(600, 900)))
    weights = np.where(digits.target[:600] == 8, 2.0, 1.0)
    return {"x_train": train, "y_train": digits.target[:600], "x_test": test, "y_test": digits.target[600:900],
            "w_train": weights}  # fmt: skip


def by_notes(truth, prediction, inputs):
    """Accuracy where the third note is positive."""
    chosen = inputs["notes"][:, 2] > 0
    return float((prediction.argmax(axis=1) == truth)[chosen].mean())
