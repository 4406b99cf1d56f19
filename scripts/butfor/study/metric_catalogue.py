"""The metrics that a study may name, in one table: what each is called, its unit and direction, and the tasks it is for.

Their computation is in metrics/scores.py, a function per row of this table. Standard library only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

CLASSES = (
    "classification",
    "binary",
    "segmentation",
    "sequence",
)  # tasks whose predictions are probabilities of classes
LABELS = (*CLASSES, "multilabel")
NUMBERS = ("regression",)
OWN = "own"  # a task of which nothing is known: everything may be asked, and is checked on the first predictions


@dataclass(frozen=True)
class KnownMetric:
    """A metric by name.

    title: in a sentence, after the name of the part. unit: of differences and figures; `scale` of what is computed make one
    of it, given with so many `decimals`. tasks: those whose truth and predictions it can be computed of. options: settings
    of its own with their defaults; further: those that count only where they are written. share: whether it is a share of test
    examples, so that it moves in steps of one. lowest, highest: of what is computed.
    """

    name: str
    title: str
    unit: str
    tasks: tuple[str, ...]
    scale: float = 1.0
    decimals: int = 4
    higher_is_better: bool = True
    lowest: float = -math.inf
    highest: float = math.inf
    share: bool = False
    options: dict[str, object] = field(default_factory=dict)
    further: tuple[str, ...] = ()


def _points(name: str, title: str, tasks: tuple[str, ...], lowest: float = 0.0, **options: object) -> KnownMetric:
    """One between 0 (or -1) and 1, of which people speak in hundredths."""
    return KnownMetric(name, title, "points", tasks, 100.0, 2, True, lowest, 1.0, options=options)


def _error(name: str, title: str, unit: str, tasks: tuple[str, ...], **options: object) -> KnownMetric:
    return KnownMetric(name, title, unit, tasks, higher_is_better=False, lowest=0.0, options=options)


def _averaged(name: str, title: str) -> list[KnownMetric]:
    """One of a class against the others, of one `positive` class (by default that with the largest label of two) and averaged."""
    averages = (_points(f"{name}_{way}", f"{title} ({way})", LABELS) for way in ("macro", "micro", "weighted"))
    return [_points(name, title, CLASSES, positive=None), *averages]


CATALOGUE = {
    metric.name: metric
    for metric in (
        KnownMetric("accuracy", "accuracy", "accuracy points", LABELS, 100.0, 2, True, 0.0, 1.0, share=True),
        _points("balanced_accuracy", "balanced accuracy", CLASSES),
        KnownMetric("top_k_accuracy", "top-k accuracy", "points", CLASSES, 100.0, 2, True, 0.0, 1.0, True, {"k": 5}),
        *_averaged("precision", "precision"),
        *_averaged("recall", "recall"),
        *_averaged("f1", "F1"),
        _points("matthews", "Matthews correlation", CLASSES, -1.0),
        _points("cohen_kappa", "Cohen's kappa", CLASSES, -1.0, weights=None),
        KnownMetric("roc_auc", "ROC AUC", "points", LABELS, 100.0, 2, True, 0.0, 1.0, further=("positive",)),
        _points("pr_auc", "PR AUC", LABELS, positive=None),
        _error("log_loss", "log loss", "nats", LABELS),
        _error("brier", "Brier score", "units", LABELS),
        KnownMetric("ece", "calibration error", "points", CLASSES, 100.0, 2, False, 0.0, 1.0, options={"bins": 15}),
        _points("iou", "IoU", LABELS, classes=None),
        _points("dice", "Dice", LABELS, classes=None),
        _error("mae", "MAE", "units of the target", NUMBERS),
        _error("mse", "MSE", "squared units of the target", NUMBERS),
        _error("rmse", "RMSE", "units of the target", NUMBERS),
        KnownMetric("mape", "MAPE", "percentage points", NUMBERS, 100.0, 2, False, 0.0),
        KnownMetric("r2", "R²", "units", NUMBERS, highest=1.0),
        KnownMetric("spearman", "Spearman correlation", "units", NUMBERS, lowest=-1.0, highest=1.0),
        KnownMetric("pearson", "Pearson correlation", "units", NUMBERS, lowest=-1.0, highest=1.0),
        _error("pinball", "pinball loss", "units of the target", NUMBERS, alpha=0.5),
    )
}
ABBREVIATIONS = {  # of metrics that are not in the catalogue: how they are written, by how they are named in lower case
    written.lower(): written
    for written in (
        "SSIM",
        "PSNR",
        "FID",
        "KID",
        "LPIPS",
        "BLEU",
        "ROUGE",
        "WER",
        "CER",
        "NLL",
        "ELBO",
        "CRPS",
        "mAP",
        "AUC",
    )
}
SYNONYMS = {  # what others call them
    "acc": "accuracy",
    "categorical_accuracy": "accuracy",
    "sparse_categorical_accuracy": "accuracy",
    "auc": "roc_auc",
    "auroc": "roc_auc",
    "roc": "roc_auc",
    "average_precision": "pr_auc",
    "auprc": "pr_auc",
    "ap": "pr_auc",
    "mcc": "matthews",
    "matthews_corrcoef": "matthews",
    "kappa": "cohen_kappa",
    "jaccard": "iou",
    "mean_iou": "iou",
    "top_5_accuracy": "top_k_accuracy",
    "top_k_categorical_accuracy": "top_k_accuracy",
    "f1_score": "f1",
    "sensitivity": "recall",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
    "r2_score": "r2",
    "brier_score": "brier",
    "expected_calibration_error": "ece",
    "cross_entropy": "log_loss",
    "crossentropy": "log_loss",
}


def title_of(name: str) -> str:
    """A metric by its title in the catalogue, or by its name."""
    return CATALOGUE[name].title if name in CATALOGUE else name
