"""Verdicts over several data sets: every ablation by its mean effect on them, and the ranks of arms."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, cast

from butfor import stats
from butfor.arm_names import anywhere, data_set_of
from butfor.records.record import Record
from butfor.stats.crossed_errors import Sources, mean_sources
from butfor.study.metrics import Metric
from butfor.study.study_metrics import beside, descriptive, judged_by
from butfor.study.summary import Study, ablations_of, reference_of
from butfor.verdicts.across_rows import Across, AcrossRow, Ranks
from butfor.verdicts.arms import arm_rows
from butfor.verdicts.example_errors import example_errors, for_new_data
from butfor.verdicts.paired_values import looks_had, pairing, rule_of
from butfor.verdicts.rows import DESCRIBED, REFUSED, ContrastRow, fields_of, none_for_nan


def across(study: Study, records: list[Record], rows: list[ContrastRow]) -> Across | None:
    """What is said over the data sets of a study, on each metric that settles; None for a study of one.

    rows: of all contrasts. An ablation is judged on the seeds that it has on all of its data sets, two or more. The metrics
    beside the one that verdicts are asked of share one alpha, or are described, as on single data sets.
    """
    sets = list(dict.fromkeys(data_set_of(arm["name"]) for arm in study["arms"]))
    if len(sets) < 2:
        return None
    metric, others = judged_by(study), beside(study)
    by_metric = {
        each.name: _rows(study, records, each, each.rows(rows), 1 if each == metric else max(1, len(others)))
        for each in (metric, *others)
    }
    rest = [row for other in others for row in by_metric[other.name]]
    return {
        "data_sets": sets,
        "rows": by_metric[metric.name],
        "others": rest,
        "ranks": ranks_of(study, records, metric, sets),
    }


def _rows(
    study: Study, records: list[Record], metric: Metric, rows: list[ContrastRow], metrics: int
) -> list[AcrossRow]:
    """A row for each ablation on a metric. metrics: how many share its alpha."""
    by_arm, several = {row["arm"]: row for row in rows}, on_several(study)
    shared = shared_pairs(study, records, metric, rows)
    judged = _judged(study, records, metric, shared, metrics)
    references = {anywhere(arm["name"]): anywhere(reference_of(arm)) for arm in ablations_of(study)}
    across_rows = [
        _row(metric, name, references[name], [by_arm[n] for n in several[name]], judged.get(name)) for name in several
    ]
    if metric.name in descriptive(study):
        return [{**row, "verdict": DESCRIBED, "remark": ""} for row in across_rows]
    return across_rows


def on_several(study: Study) -> dict[str, list[str]]:
    """The ablations that are on two data sets or more: by name, what they are called on each."""
    where: dict[str, list[str]] = {}
    for arm in ablations_of(study):
        where.setdefault(anywhere(arm["name"]), []).append(arm["name"])
    return {name: names for name, names in where.items() if len(names) > 1}


def shared_pairs(
    study: Study, records: list[Record], metric: Metric, rows: list[ContrastRow]
) -> dict[str, dict[str, stats.Pairs]]:
    """By ablation and data set, the pairs of the seeds that it has on all of its data sets; of those alone that have a verdict
    on each. rows: of the metric."""
    pairs, looks = pairing(study, records, metric), shared_looks(study, records)
    refused = {row["arm"] for row in rows if row["verdict"] in REFUSED}
    return {
        name: {data_set_of(each): pairs(each, looks[each]) for each in names}
        for name, names in on_several(study).items()
        if not refused & {*names}
    }


def shared_looks(study: Study, records: list[Record]) -> dict[str, int]:
    """Per arm, after how many looks it has left records on all of its data sets."""
    looks = looks_had(study, records)
    for names in on_several(study).values():
        looks |= dict.fromkeys(names, min(looks[name] for name in names))
    return looks


def mean_errors(study: Study, records: list[Record], metric: Metric) -> dict[str, Sources]:
    """By ablation, what the test sets add to the error of its mean effect; of those alone of which it is known on each."""
    of_each = example_errors(study, records, shared_looks(study, records), metric)
    return {
        name: mean_sources([of_each[each] for each in names])
        for name, names in on_several(study).items()
        if all(each in of_each for each in names)
    }


def _judged(
    study: Study, records: list[Record], metric: Metric, shared: dict[str, dict[str, stats.Pairs]], metrics: int
) -> dict[str, stats.OverDataSets]:
    """The ablations that have a verdict on each of their data sets."""
    rule = rule_of(study, metric, records)
    rule = replace(rule, others=metrics * (len(shared) + rule.others) - len(shared))
    judged = stats.judge_over_data_sets(shared, rule) if shared else {}
    contrasts = {name: mean.contrast for name, mean in judged.items()}
    held = for_new_data(contrasts, mean_errors(study, records, metric), study)
    return {name: replace(mean, contrast=held[name]) for name, mean in judged.items()}


def judged_means(
    study: Study, records: list[Record], metric: Metric, rows: list[ContrastRow]
) -> dict[str, stats.Contrast]:
    """The contrast of every ablation's mean effect, with its verdict, as `across` has it. rows: of all contrasts."""
    metrics = 1 if metric == judged_by(study) else max(1, len(beside(study)))
    shared = shared_pairs(study, records, metric, metric.rows(rows))
    return {name: each.contrast for name, each in _judged(study, records, metric, shared, metrics).items()}


def _row(
    metric: Metric, name: str, reference: str, of_sets: list[ContrastRow], mean: stats.OverDataSets | None
) -> AcrossRow:
    refused = [row for row in of_sets if row["verdict"] in REFUSED]
    about: dict[str, Any] = {"arm": name, "reference": reference, "metric": metric.name}
    about |= {"unit": metric.unit.name, "decimals": metric.unit.decimals}
    about["effects"] = {row["data"]: none_for_nan(row["effect"]) for row in of_sets if row not in refused}
    if mean is None:
        empty = dict.fromkeys(AcrossRow.__annotations__)
        remark = ", ".join(f"{row['verdict']} on {row['data']}" for row in refused)
        return cast(AcrossRow, {**empty, **about, "verdict": "inconclusive", "remark": remark})
    c = mean.contrast
    values = {
        **fields_of(c),
        "remark": "; ".join(filter(None, [c.remark, *_lost(of_sets), opposed(c.verdict, of_sets)])),
        "heterogeneity": mean.heterogeneity,
        "p_heterogeneity": mean.p_heterogeneity,
        **{"like_low": mean.low, "like_high": mean.high},
    }
    whole = {**values, **about}
    return cast(AcrossRow, {key: none_for_nan(whole[key]) for key in AcrossRow.__annotations__})


def _lost(of_sets: list[ContrastRow]) -> list[str]:
    """The data sets on which too few runs finished for an effect."""
    lost = [row["data"] for row in of_sets if row["pairs"] < 2]
    return [f"too few finished runs on {', '.join(lost)}"] if lost else []


def opposed(verdict: str, of_sets: list[ContrastRow]) -> str:
    """Where a data set says the opposite of all together, or says that something differs where all together do not."""
    others = {"helps": ["hurts"], "hurts": ["helps"]}.get(verdict, ["helps", "hurts"])
    against = {other: [row["data"] for row in of_sets if row["verdict"] == other] for other in others}
    return "; ".join(f"but {other} on {', '.join(sets)}" for other, sets in against.items() if sets)


def ranks_of(study: Study, records: list[Record], metric: Metric, sets: list[str]) -> Ranks | None:
    """Of the arms that were trained on every data set; one of which no run finished on a data set comes last there."""
    reached: dict[str, dict[str, float]] = {}
    worst = -math.inf if metric.higher_is_better else math.inf
    for row in arm_rows(study, records):
        mean = row["reaches"][metric.name]["mean"]
        reached.setdefault(anywhere(row["arm"]), {})[data_set_of(row["arm"])] = worst if mean is None else mean
    whole = {arm: [of_arm[name] for name in sets] for arm, of_arm in reached.items() if len(of_arm) == len(sets)}
    if len(sets) < stats.FEWEST_RANKED or len(whole) < 3:
        return None
    ranking = stats.ranked_arms(whole, metric.higher_is_better, study["verdict"]["alpha"])
    return {"ranks": ranking.ranks, "p": ranking.p, "critical": ranking.critical}
