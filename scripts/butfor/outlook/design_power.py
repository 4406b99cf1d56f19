"""What a study's design can see, by what its records, or an earlier study's, tell of the spread of differences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from butfor.data.catalogue import TEST_IMAGES
from butfor.outlook.decided_looks import analysed
from butfor.outlook.detectable import Detectable, detectable
from butfor.outlook.planned_study import PlannedStudy
from butfor.outlook.spreads import Spread, usual_spread
from butfor.records.record import Record
from butfor.report.fold_words import replicate
from butfor.study.study_metrics import judged_beside, judged_by
from butfor.study.summary import Study, ablations_of
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.paired_values import rule_of


@dataclass(frozen=True)
class DesignPower:
    """metric: that verdicts are asked of, by name and title; unit, decimals: of its differences. margin: None where nobody said,
    or where it is a `share` of the baseline's mean, which no record tells yet. corrected_over: how many ablations share the
    chance of a wrong verdict, in a `family` of them if they do so by family. noun: what runs are
    counted in. beside: the titles of the other metrics that are
    judged. spread: of paired differences. task_is_known: where neither the study nor its data tell the task, nor records or a
    probe, none can say what the metric will be that decides."""

    metric: str
    title: str
    unit: str
    decimals: int
    margin: float | None
    corrected_over: int
    spread: Spread
    can_see: Detectable
    share: float | None = None
    family: bool = False
    noun: str = "seed"
    beside: list[str] = field(default_factory=list)
    task_is_known: bool = True


def design_power(
    study: PlannedStudy, records: list[Record], test: int | None = None, task: str | None = None
) -> DesignPower | None:
    """What the study can see; None for one without an ablation to judge. records: those that it has. test, task: the test
    examples of a run, and the task of its data, if they are known."""
    asked = analysed(study)
    if task and not asked.get("task"):
        asked = cast(Study, {**asked, "task": task})
    records = _measured(asked, records)
    known = as_recorded(asked, records)
    metric, rule = judged_by(known), rule_of(known, judged_by(known), records)
    if not (together := _judged_together(known)):
        return None
    spread = usual_spread(known, records, study.results, next(iter(study.data.values()))["name"], test)
    return DesignPower(
        metric=metric.name,
        title=metric.title,
        unit=metric.unit.name,
        decimals=metric.unit.decimals,
        margin=rule.margin,
        share=metric.relative,
        corrected_over=together,
        spread=spread,
        can_see=detectable(spread, rule, together),
        noun=replicate(known),
        family=known["verdict"]["corrected_over"] == "family",
        beside=[one.title for one in judged_beside(known)] if (is_known := _tells_task(study, known)) else [],
        task_is_known=is_known or metric.name in {f"test/{name}" for name in known.get("metrics", {})},
    )


def _tells_task(study: PlannedStudy, known: Study) -> bool:
    """Whether the task is known, as it is of published data."""
    return bool(known.get("task")) or all(data["name"] in TEST_IMAGES for data in study.data.values())


def _measured(study: Study, records: list[Record]) -> list[Record]:
    """The records whose figures are known by all metrics that the study asks for, which are measured as a look ends."""
    names = [f"test/{terms['name']}" for terms in study.get("metrics", {}).values()]
    return [record for record in records if all(name in record.metrics for name in names)]


def _judged_together(study: Study) -> int:
    """The ablations that probabilities are corrected over together; the most, where each family is by itself."""
    families = [arm["family"] for arm in ablations_of(study)]
    removed = study.get("removed", {})
    if study["verdict"]["corrected_over"] == "report":
        return len(families) + sum(removed.values()) if families else 0
    return max((families.count(name) + removed.get(name, 0) for name in set(families)), default=0)
