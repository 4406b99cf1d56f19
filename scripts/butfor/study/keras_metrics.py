"""The metrics of Keras that a study may name as Keras does, in one table: their direction, settings and tasks.

Their computation is in engine/keras_scores.py. Standard library only.
"""

from __future__ import annotations

import re
from typing import Any

from butfor.study.metric_catalogue import CLASSES, LABELS, NUMBERS, KnownMetric

MARK = "keras."  # before the name of Keras, in what is asked for
NEEDED = object()  # a setting that has no default
ANY = (*LABELS, *NUMBERS)
THRESHOLDS: dict[str, object] = {"num_thresholds": 200, "class_id": None}
AVERAGED: dict[str, object] = {
    "average": "macro",
    "threshold": None,
}  # Keras's own default gives a number for each class
PER_CLASS: dict[str, object] = {"thresholds": None, "top_k": None, "class_id": None}


def _share(tasks: tuple[str, ...], **options: object) -> KnownMetric:
    return KnownMetric("", "", "points", tasks, 100.0, 2, True, 0.0, 1.0, options=options)


def _less(tasks: tuple[str, ...], unit: str = "units", **options: object) -> KnownMetric:
    return KnownMetric("", "", unit, tasks, higher_is_better=False, lowest=0.0, options=options)


def _more(tasks: tuple[str, ...], **options: object) -> KnownMetric:
    return KnownMetric("", "", "units", tasks, highest=1.0, options=options)


KERAS_METRICS = {  # by Keras's name; those that change with the batch or need weights are left out
    "AUC": _share(LABELS, num_thresholds=200, curve="ROC", summation_method="interpolation", multi_label=False),
    "SensitivityAtSpecificity": _share(LABELS, specificity=NEEDED, **THRESHOLDS),
    "SpecificityAtSensitivity": _share(LABELS, sensitivity=NEEDED, **THRESHOLDS),
    "PrecisionAtRecall": _share(LABELS, recall=NEEDED, **THRESHOLDS),
    "RecallAtPrecision": _share(LABELS, precision=NEEDED, **THRESHOLDS),
    "Precision": _share(LABELS, **PER_CLASS),
    "Recall": _share(LABELS, **PER_CLASS),
    "TruePositives": KnownMetric("", "", "examples", LABELS, 1.0, 1, True, 0.0, options={"thresholds": None}),
    "TrueNegatives": KnownMetric("", "", "examples", LABELS, 1.0, 1, True, 0.0, options={"thresholds": None}),
    "FalsePositives": KnownMetric("", "", "examples", LABELS, 1.0, 1, False, 0.0, options={"thresholds": None}),
    "FalseNegatives": KnownMetric("", "", "examples", LABELS, 1.0, 1, False, 0.0, options={"thresholds": None}),
    "F1Score": _share(LABELS, **AVERAGED),
    "FBetaScore": _share(LABELS, beta=1.0, **AVERAGED),
    "MeanIoU": _share(CLASSES, ignore_class=None),
    "IoU": _share(CLASSES, target_class_ids=NEEDED, ignore_class=None),
    "CategoricalAccuracy": _share(CLASSES),
    "BinaryAccuracy": _share(("multilabel",), threshold=0.5),
    "TopKCategoricalAccuracy": _share(CLASSES, k=5),
    "CategoricalCrossentropy": _less(CLASSES, "nats", label_smoothing=0.0),
    "BinaryCrossentropy": _less(("multilabel",), "nats", label_smoothing=0.0),
    "KLDivergence": _less(ANY, "nats"),
    "CategoricalHinge": _less(CLASSES),
    "Hinge": _less(("multilabel",)),
    "SquaredHinge": _less(("multilabel",)),
    "Poisson": KnownMetric("", "", "nats", ANY, higher_is_better=False),
    "CosineSimilarity": KnownMetric("", "", "units", ANY, lowest=-1.0, highest=1.0, options={"axis": -1}),
    "LogCoshError": _less(NUMBERS),
    "MeanSquaredLogarithmicError": _less(NUMBERS),
    "MeanAbsoluteError": _less(NUMBERS, "units of the target"),
    "MeanSquaredError": _less(NUMBERS, "squared units of the target"),
    "RootMeanSquaredError": _less(NUMBERS, "units of the target"),
    "MeanAbsolutePercentageError": _less(NUMBERS, "percentage points"),
    "R2Score": _more(NUMBERS, class_aggregation="uniform_average"),
    "ConcordanceCorrelation": KnownMetric("", "", "units", NUMBERS, lowest=-1.0, highest=1.0),
    "PearsonCorrelation": KnownMetric("", "", "units", NUMBERS, lowest=-1.0, highest=1.0),
}
COUNTS = frozenset(
    name for name, metric in KERAS_METRICS.items() if metric.unit == "examples"
)  # grow with the test set


def named(written: str) -> str:
    """The name of Keras that is meant, however it is written: `SensitivityAtSpecificity`, `sensitivity_at_specificity`, with or
    without `keras.` and `keras.metrics.`; empty if there is none."""
    plain = _plain(re.sub(r"^(tf\.)?keras\.(metrics\.)?", "", written))
    return next((name for name in KERAS_METRICS if _plain(name) == plain), "")


def lacking(name: str, settings: dict[str, Any]) -> list[str]:
    """The settings that a metric cannot do without, and that are not given."""
    return [key for key, default in KERAS_METRICS[name].options.items() if default is NEEDED and key not in settings]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
