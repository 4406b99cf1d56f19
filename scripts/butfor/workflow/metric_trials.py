"""The trials of a start, and of a dry run: metrics of the user's own that have not been tried on the data that are there, before
the first job. Of data that are yet to be made, the job that makes them tries. Standard library only."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from butfor.fingerprint import fingerprint
from butfor.forks.interpreter import module_command, module_environment
from butfor.records.files import write_atomically
from butfor.records.results_folder import ARRAYS, MANIFEST, data_file
from butfor.user_code.location import OwnCodeError
from butfor.workflow import origins
from butfor.workflow.targets import Targets

TRIED = Path(".snakemake") / "butfor" / "metrics_tried.json"
MODULE = "butfor.metrics.metric_trial"
MOST = 1000  # that are remembered


def try_metrics(settings: dict[str, Any], targets: Targets) -> None:
    """Raises OwnCodeError for a metric that fails; one that did not is not tried again on the same data."""
    results, known = Path(settings["results"]), _known()
    stale, own = targets.data.stale, targets.own_metrics
    for name, data in settings["data_sets"].items():
        if name in stale or not own:
            continue
        made = origins.data_fingerprint(results, name)
        marks = {score: fingerprint([score, about["code"], made]) for score, about in own.items()}
        untried = [score for score, mark in marks.items() if mark not in known]
        if untried and made:
            seeds = (data.get("folds") or {}).get("seeds") or [0]
            asked = {
                "metrics": [{"score": score} for score in untried],
                "arrays": str(data_file(results, ARRAYS, name)),
                "manifest": str(data_file(results, MANIFEST, name)),
                "validation": data["validation"],
                "seed": seeds[0],
            }
            if not _were_tried(asked):
                continue
            known += [marks[score] for score in untried]
            TRIED.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(TRIED, json.dumps(known[-MOST:]))


def _were_tried(asked: dict[str, Any]) -> bool:
    """Whether the trial came to its end; one that was ended says nothing of the metrics. Raises OwnCodeError."""
    done = subprocess.run(
        module_command(MODULE),
        input=json.dumps(asked),
        env=module_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if message := done.stdout.strip():
        raise OwnCodeError(message)
    return done.returncode == 0


def _known() -> list[str]:
    try:
        return list(json.loads(TRIED.read_text()))
    except (OSError, ValueError):
        return []
