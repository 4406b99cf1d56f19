"""The arms of a study: what each changes, and what its runs reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from butfor.records.record import Record
from butfor.study.arm import Recipe
from butfor.study.metrics import Metric
from butfor.study.placebo import is_placebo
from butfor.study.recipe_words import changes, values_set
from butfor.study.study_metrics import metrics_of
from butfor.study.summary import ArmPlan, Study
from butfor.verdicts.rows import ArmRow, Level


def arm_rows(study: Study, records: list[Record]) -> list[ArmRow]:
    """A row per arm, in the order of the plan."""
    named = {arm["name"]: arm for arm in study["arms"]}
    by_arm: dict[str, list[Record]] = {}
    for record in records:
        by_arm.setdefault(record.arm, []).append(record)
    metrics = [metric for metric in metrics_of(study).values() if metric.settles]
    return [_row(study, arm, named, by_arm, metrics) for arm in study["arms"]]


def recipe_trained(arm: ArmPlan, records: list[Record]) -> Recipe:
    """The recipe that an arm's records were made with; the plan's where there are none."""
    return next((record.recipe for record in records if record.arm == arm["name"]), arm["recipe"])


def _row(
    study: Study,
    arm: ArmPlan,
    named: Mapping[str, ArmPlan],
    by_arm: Mapping[str, list[Record]],
    metrics: Sequence[Metric],
) -> ArmRow:
    verdict, own = study["verdict"], by_arm.get(arm["name"], [])
    finished = [record for record in own if not record.failed(verdict["must_learn"], verdict["metric"])]
    changed = ["other seeds than the baseline's"] if is_placebo(arm) else list[str]()
    sets = list(changed)
    if arm["reference"]:
        other = named[arm["reference"]]
        reference, trained = recipe_trained(other, by_arm.get(other["name"], [])), recipe_trained(arm, own)
        declared = {key.split(".")[0] for key in arm["changed"]}
        others = [key for key in reference if key not in declared and trained.get(key) != reference[key]]
        keys = [*arm["changed"], *others]
        changed, sets = changes(trained, reference, keys), values_set(trained, reference, keys)
    return {
        "arm": arm["name"],
        "label": arm.get("label", ""),
        "reference": arm["reference"],
        "changes": changed,
        "sets": sets,
        "runs": len(own),
        "failed": len(own) - len(finished),
        "reaches": {metric.name: _level(metric, finished) for metric in metrics},
    }


def _level(metric: Metric, finished: list[Record]) -> Level:
    figures = [metric.figure(record.metrics) for record in finished]
    mean = float(np.mean(figures)) if figures else None
    return {"mean": mean, "sd": float(np.std(figures, ddof=1)) if len(figures) > 1 else None}
