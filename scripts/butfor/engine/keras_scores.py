"""The metrics of Keras, by name, of truth and prediction: for what scikit-learn does not have."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.engine import keras_import

Array = npt.NDArray[Any]
OF_LABELS = ("MeanIoU", "IoU")  # which take the class that is named, and not probabilities
OF_POSITIVES = (
    *("AUC", "SensitivityAtSpecificity", "SpecificityAtSensitivity", "PrecisionAtRecall", "RecallAtPrecision"),
    *("Precision", "Recall", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"),
)  # which of two classes take the probability of the second
AT_ONCE = 10_000  # examples


def keras_score(name: str, settings: dict[str, Any], truth: Array, predicted: Array) -> float:
    """What Keras's metric of that name says. truth: labels `(n,)` with probabilities `(n, classes)` as predictions, or numbers
    `(n, k)` with such. Raises ValueError where Keras refuses what it is given, or gives more than one number."""
    keras_import.load()
    import keras
    import tensorflow as tf

    tf.config.set_visible_devices([], "GPU")  # trainings have those
    of_classes = truth.ndim == 1 and truth.dtype.kind in "iu"
    if name in OF_LABELS:
        settings = {"num_classes": predicted.shape[1], **settings}
        predicted = predicted.argmax(axis=1)
    elif name in OF_POSITIVES and of_classes and predicted.shape[1] == 2:
        predicted = predicted[:, 1]
    elif of_classes:
        truth = np.eye(predicted.shape[1], dtype=np.float32)[truth]
    try:
        metric = getattr(keras.metrics, name)(**settings)
        for at in range(0, len(truth), AT_ONCE):
            metric.update_state(truth[at : at + AT_ONCE], predicted[at : at + AT_ONCE])
        value = np.asarray(metric.result())
    except (TypeError, tf.errors.InvalidArgumentError) as failure:
        raise ValueError(f"Keras: {failure}") from failure
    if value.size != 1:
        raise ValueError(f"Keras gives {value.size} numbers; its settings say how they are averaged")
    return float(value.reshape(-1)[0]) if value.size else math.nan
