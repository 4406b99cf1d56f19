"""Records to contrasts: every ablation against its reference, on each metric, with a verdict."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection
from typing import Any, cast

from butfor import stats
from butfor.checks.outcomes import CheckRow
from butfor.records.record import Record
from butfor.study.metrics import METRICS, Metric, judged_by
from butfor.study.summary import ArmPlan, Study, ablations_of
from butfor.verdicts.paired_values import looks_had, pairing, rule_of
from butfor.verdicts.rows import UNPROVEN, VOID, ContrastRow

Refusals = dict[str, tuple[str, str]]  # verdict and remark of the arms that are not judged


def judge(study: Study, records: list[Record], checks: list[CheckRow]) -> list[ContrastRow]:
    """One row per ablation and metric: arm, reference, family, metric, unit, the fields of stats.Contrast,
    `smallest_effect`, what the ablation's seeds could have shown, and `more_seeds`, what an undecided one lacks.

    The metric that verdicts are asked of says after which look an ablation is settled (see `decided`); the other metrics
    are judged on the same seeds.
    """
    deciding, refusals = decided(study, records, checks), _refusals(checks)
    looks = {name: c.look for name, c in deciding.items()}
    sizes = {name: len(group) for group in _groups(study, refusals) for name in group}
    rows = []
    for metric in METRICS.values():
        judged = deciding if metric is judged_by(study) else _all_judged(study, records, metric, refusals, looks)
        rule = rule_of(study, metric)
        rows += [_row(arm, metric, judged[arm["name"]], rule, sizes.get(arm["name"], 1)) for arm in ablations_of(study)]
    return rows


def decided(study: Study, records: list[Record], checks: list[CheckRow]) -> dict[str, stats.Contrast]:
    """Every ablation's contrast on the metric that verdicts are asked of, after the look that settled it or its last.

    An ablation that changed nothing is void, one that failed its check is unproven: neither is judged, and neither
    counts among the ablations that probabilities are corrected over.
    """
    return _all_judged(study, records, judged_by(study), _refusals(checks), looks_had(study, records))


def contrast_of(row: ContrastRow) -> stats.Contrast:
    """The contrast that a row of contrasts.json was made of."""
    names = [field.name for field in dataclasses.fields(stats.Contrast)]
    values: dict[str, Any] = {name: row[name] for name in names}  # type: ignore[literal-required]
    unknown = {name: math.nan for name in names if values[name] is None and name != "margin"}
    return stats.Contrast(**{**values, **unknown})


def _row(arm: ArmPlan, metric: Metric, c: stats.Contrast, rule: stats.Rule, judged_together: int) -> ContrastRow:
    row = {
        **{"arm": arm["name"], "reference": arm["reference"], "family": arm["family"]},
        **{"metric": metric.name, "unit": metric.unit.name},
        **vars(c),
        "smallest_effect": stats.smallest_effect(c, rule, judged_together),
        "more_seeds": None if c.settled else stats.more_seeds(c, rule, judged_together),
    }
    return cast(ContrastRow, row)


def _all_judged(
    study: Study, records: list[Record], metric: Metric, refusals: Refusals, looks: dict[str, int]
) -> dict[str, stats.Contrast]:
    """Every ablation's contrast after as many looks as `looks` says, corrected within its group, or refused."""
    pairs, rule = pairing(study, records, metric), rule_of(study, metric)
    contrasts: dict[str, stats.Contrast] = {}
    for group in _groups(study, refusals):
        if metric is judged_by(study):
            contrasts |= stats.judge_pairs(
                {name: [pairs(name, n + 1) for n in range(looks[name])] for name in group}, rule
            )
        else:
            once = stats.judge_once({name: pairs(name, looks[name]) for name in group}, rule)
            contrasts |= {name: dataclasses.replace(c, look=looks[name]) for name, c in once.items()}
    for name in (arm["name"] for arm in ablations_of(study) if arm["name"] in refusals):
        c = stats.contrast(pairs(name, looks[name]), rule.margin, len(rule.looks), rule.alpha, rule.higher_is_better)
        verdict, remark = refusals[name]
        contrasts[name] = dataclasses.replace(c, verdict=verdict, remark=remark, look=looks[name], settled=True)
    return contrasts


def _groups(study: Study, refused: Collection[str]) -> list[list[str]]:
    """The judged ablations, by what their probabilities are corrected over together."""
    whole = study["verdict"]["corrected_over"] == "report"
    groups: dict[str, list[str]] = {}
    for arm in ablations_of(study):
        if arm["name"] not in refused:
            groups.setdefault("" if whole else arm["family"], []).append(arm["name"])
    return list(groups.values())


def _refusals(checks: list[CheckRow]) -> Refusals:
    return {
        row["arm"]: (VOID, "") if row["outcome"] == "void" else (UNPROVEN, row["problems"][0])
        for row in checks
        if row["outcome"] in ("void", "failed")
    }
