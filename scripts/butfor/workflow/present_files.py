"""The files that a study has so far, for a report on a part of it. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from butfor.records import kept_predictions
from butfor.records.results_folder import DECISION, MEASURES, RUNS, RUNS_FOLDER, finished_seeds, records_of
from butfor.study.plan import Plan
from butfor.workflow import inheritance


def present_files(
    results: Path, plan: Plan, trainings: Sequence[tuple[str, dict[str, Any]]], predictions: Sequence[str]
) -> dict[str, list[str]]:
    """The files that exist so far: folders of records (`runs`), decisions (`looks`), measures (`measured`), and records of seeds
    whose job has not ended (`seeds`). None that would be trained anew, nor what follows from such, or from what is still to be
    trained, such as an arm that was added. predictions: the parts of the data of which records must have them."""
    old = inheritance.outdated(results, trainings)
    looks = [look.name for look in plan.looks]
    folders = [results / RUNS.format(arm=arm, look=look) for arm in plan.arms for look in looks]
    runs = [
        folder
        for folder in folders
        if folder not in old
        and folder.exists()
        and all(kept_predictions.holds(record, predictions) for record in records_of(folder))
    ]
    first_old = min((looks.index(folder.name) for folder in old), default=len(looks))
    whole = _whole_looks(results, plan, set(runs))[:first_old]
    decided, measured = ([results / path.format(look=look) for look in whole] for path in (DECISION, MEASURES))
    there = {
        kind: [str(path) for path in paths if path.exists()]
        for kind, paths in (("runs", runs), ("looks", decided), ("measured", measured))
    }
    return {**there, "seeds": list(map(str, finished_seeds(results / RUNS_FOLDER)))}


def _whole_looks(results: Path, plan: Plan, runs: set[Path]) -> list[str]:
    """The looks, from the first, to which no training is missing."""
    asked, whole = list(plan.arms), []
    for look in (look.name for look in plan.looks):
        if not {results / RUNS.format(arm=arm, look=look) for arm in asked} <= runs:
            break
        whole.append(look)
        decision = results / DECISION.format(look=look)
        if not decision.exists():
            break
        asked = [arm for arm in json.loads(decision.read_text())["next"] if arm in plan.arms]
    return whole
