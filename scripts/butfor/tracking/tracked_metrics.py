"""The metrics of a study as MLflow shows them: those of its task and those that it asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.records.results_folder import MANIFEST, data_file
from butfor.study.metrics import Metric
from butfor.study.study_metrics import default_of, metrics_of


def with_task(tracking: dict[str, Any], results: Path) -> dict[str, Any]:
    """The parameters of the mirror (see parameters.mirrored) with the task of the data in a results folder, and with a metric to
    judge by that the task has. (Data sets of one study are measured by the same.)"""
    first = data_set_of(next(iter(tracking["arms"]), ""))
    try:
        task = json.loads(data_file(results, MANIFEST, first).read_text()).get("task")
    except (OSError, ValueError, AttributeError):
        task = None
    known = {**tracking, "task": task} if task else tracking
    return known if known["metric"] in metrics_of(known) else {**known, "metric": default_of(known)}


def judged(tracking: dict[str, Any]) -> Metric:
    """The metric that verdicts are asked of."""
    return metrics_of(tracking)[tracking["metric"]]


def settling(tracking: dict[str, Any]) -> list[Metric]:
    """The metrics that verdicts could be asked of."""
    return [metric for metric in metrics_of(tracking).values() if metric.settles]
