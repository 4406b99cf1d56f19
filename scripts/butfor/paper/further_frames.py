"""What a paper's further figures show, as tables: effects against the number that alone is changed, and against what a run costs.
A table without rows is of a study that has no such figure."""

from __future__ import annotations

import pandas as pd

from butfor.arm_names import anywhere, data_set_of
from butfor.figures.cost_effect import QUARTILES, costs_of
from butfor.paper.paper_evidence import PaperEvidence
from butfor.study.arm import is_baseline
from butfor.study.changed_numbers import ChangedNumber, numbers_changed
from butfor.study.summary import ArmPlan

SHOWN = ("arm", "data", "effect", "low", "high", "margin", "verdict", "remark")
SENSITIVITY = ("label", "reference", "number", "value", "before", *SHOWN)
COST = ("label", "cost", "median", "quartile_1", "quartile_3", *SHOWN)
BEYOND = 2.0  # times the usual spread of an arm's runs, from the first to the third quartile
TIMES = 1.1  # as dear as the cheapest arm, below which all cost about the same
FEWEST = 3  # arms, without which what they cost is no picture


def sensitivity_table(evidence: PaperEvidence) -> pd.DataFrame:
    """The ablations that change one number alone, family by family, where there are three values of it or more: the number by its
    path, its value and its reference's, and the effect."""
    rows = {row["arm"]: row for row in evidence.settling}
    points = [
        {
            "label": evidence.labels[anywhere(arm)], "reference": rows[arm]["reference"], "number": changed.key,
            "value": changed.value, "before": changed.before, **{key: rows[arm][key] for key in SHOWN},  # type: ignore[literal-required]
        }
        for arm, changed in _changed(evidence)
        if arm in rows
    ]  # fmt: skip
    return _typed(pd.DataFrame(points, columns=list(SENSITIVITY)))


def costs_table(evidence: PaperEvidence) -> pd.DataFrame:
    """The baseline and its ablations with what their runs cost, a row per arm and cost: the median run and the quartiles of runs.
    Nothing where too few arms are known."""
    rows = {row["arm"]: row for row in evidence.settling if is_baseline(row["reference"])}
    arms = [arm["name"] for arm in evidence.study["arms"] if is_baseline(arm["name"]) or arm["name"] in rows]
    points = []
    for data in dict.fromkeys(map(data_set_of, arms)):
        own = [arm for arm in arms if data_set_of(arm) == data]
        for cost in costs_of([record for record in evidence.records if record.arm in own]):
            runs_of = {arm: pd.Series(cost.by_arm[arm]) for arm in own if arm in cost.by_arm}
            if not _differ([*runs_of.values()]):  # of which there is nothing to see
                continue
            for arm, runs in runs_of.items():
                spread = dict(
                    zip(("quartile_1", "quartile_3"), runs.quantile([q / 100 for q in QUARTILES]), strict=True)
                )
                row = rows.get(arm)
                about = {"arm": arm, "data": data, "label": evidence.labels.get(anywhere(arm), "full recipe")}
                shown = {key: row[key] for key in SHOWN} if row else {"effect": 0.0, "verdict": "", "remark": ""}  # type: ignore[literal-required]
                points.append({"cost": cost.label, "median": runs.median(), **spread, **shown, **about})
    few = len({one["arm"] for one in points}) < FEWEST
    return _typed(pd.DataFrame([] if few else points, columns=list(COST)))


def _differ(runs: list[pd.Series]) -> bool:
    """Whether arms differ by more than their own runs do, whose seconds spread where they share a machine."""
    medians = [own.median() for own in runs]
    spread = pd.Series([own.quantile(0.75) - own.quantile(0.25) for own in runs]).median()
    return bool(max(medians) > TIMES * min(medians) and max(medians) - min(medians) > BEYOND * spread)


def _changed(evidence: PaperEvidence) -> list[tuple[str, ChangedNumber]]:
    named: dict[str, ArmPlan] = {arm["name"]: arm for arm in evidence.study["arms"]}
    alike: dict[tuple[str, str], list[ArmPlan]] = {}
    for arm in named.values():
        if arm["reference"]:
            alike.setdefault((arm["family"], arm["reference"]), []).append(arm)
    return [
        (name, changed)
        for (_, reference), arms in alike.items()
        for own in numbers_changed(arms, named[reference]).values()
        for name, changed in own.items()
    ]


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """With numbers as such, whatever is missing."""
    words = ("label", "reference", "number", "cost", "arm", "data", "verdict", "remark")
    return frame.astype({name: float for name in frame.columns if name not in words})
