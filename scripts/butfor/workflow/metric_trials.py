"""The trials of a start, and of a dry run: metrics of the user's own that have not been tried on the data that are there, before
the first job. Of data that are yet to be made, the job that makes them tries. Standard library only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from butfor.fingerprint import fingerprint
from butfor.records.results_folder import ARRAYS, MANIFEST, data_file
from butfor.workflow import origins
from butfor.workflow.targets import Targets
from butfor.workflow.tried_functions import TriedFunctions, try_by

TRIED = "metrics_tried.json"
MODULE = "butfor.metrics.metric_trial"


def try_metrics(settings: dict[str, Any], targets: Targets) -> None:
    """Raises OwnCodeError for a metric that fails; one that did not is not tried again on the same data."""
    results, tried = Path(settings["results"]), TriedFunctions(TRIED)
    stale, own = targets.data.stale, targets.own_metrics
    for name, data in settings["data_sets"].items():
        if name in stale or not own:
            continue
        made = origins.data_fingerprint(results, name)
        marks = {score: fingerprint([score, about["code"], made]) for score, about in own.items()}
        untried = [score for score, mark in marks.items() if tried.lack(mark)]
        if untried and made:
            seeds = (data.get("folds") or {}).get("seeds") or [0]
            asked = {
                "metrics": [{"score": score} for score in untried],
                "arrays": str(data_file(results, ARRAYS, name)),
                "manifest": str(data_file(results, MANIFEST, name)),
                "validation": data["validation"],
                "seed": seeds[0],
            }
            if try_by(MODULE, asked):
                tried.remember(marks[score] for score in untried)
