"""The test of a study's placebo: the baseline against itself with other seeds, which must show nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from butfor import stats
from butfor.records.record import Record
from butfor.study.arm import baseline_of
from butfor.study.placebo import APART, placebos_of
from butfor.study.study_metrics import judged_by
from butfor.study.summary import ArmPlan, Study
from butfor.verdicts.paired_values import BySeed, measured
from butfor.verdicts.placebo_row import PlaceboRow
from butfor.verdicts.rows import none_for_nan

SHOWN = ("helps", "hurts")  # which a placebo must not


def placebo_rows(study: Study, records: list[Record]) -> list[PlaceboRow]:
    """What each placebo shows; none for a study without one. A chance of alpha of its own to show something where nothing is."""
    metric = judged_by(study)
    rows: list[PlaceboRow] = []
    for arm in placebos_of(study):
        c = _judged(study, records, arm)
        row: PlaceboRow = {
            "arm": arm["name"],
            "reference": baseline_of(arm["name"]),
            "metric": metric.name,
            "unit": metric.unit.name,
            "decimals": metric.unit.decimals,
            "pairs": c.pairs,
            "verdict": c.verdict,
            "remark": c.remark,
            "shows": c.verdict in SHOWN,
            "effect": none_for_nan(c.effect),
            "low": none_for_nan(c.low),
            "high": none_for_nan(c.high),
            "margin": c.margin,
        }
        rows.append(row)
    return rows


def undecided_placebos(study: Study, records: list[Record], beside: Collection[str]) -> set[str]:
    """The placebos that a further look trains: those beside whose baseline it trains something anyway, and that are open."""
    waiting = [arm for arm in placebos_of(study) if baseline_of(arm["name"]) in beside]
    return {arm["name"] for arm in waiting if _judged(study, records, arm).verdict == "inconclusive"}


def _judged(study: Study, records: list[Record], arm: ArmPlan) -> stats.Contrast:
    """A placebo against its baseline, seed by seed in their order, look by look."""
    known = measured(study, records)
    values, reference = _in_place(known.values.get(arm["name"], {})), known.values.get(baseline_of(arm["name"]), {})
    seen: list[list[int]] = []
    for look in study["looks"]:
        if seen and not any(seed in values for seed in look["seeds"]):
            break
        seen.append([*(seen[-1] if seen else []), *look["seeds"]])
    rule = replace(known.rule, others=0, futility=False)
    return stats.judge_pairs({arm["name"]: [stats.pair(values, reference, seeds) for seeds in seen]}, rule)[arm["name"]]


def _in_place(values: BySeed) -> BySeed:
    return {seed - APART: value for seed, value in values.items()}
