"""What the records say of a metric: a value per arm and seed, none where a run failed, and in pairs with the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from butfor import stats
from butfor.records.record import Record
from butfor.study.metrics import Metric, judged_by
from butfor.study.summary import Study, ablations_of, reference_of

BySeed = dict[int, float | None]


@dataclass(frozen=True)
class Measured:
    """The metric that verdicts are asked of, for every arm: its values by seed, None for a failed run, and the seeds of the
    looks that the arm has had."""

    metric: Metric
    rule: stats.Rule
    values: dict[str, BySeed]
    seeds: dict[str, list[int]]


def measured(study: Study, records: list[Record]) -> Measured:
    """Every arm's values of the metric that verdicts are asked of."""
    metric = judged_by(study)
    seeds = {name: seeds_of(study, had) for name, had in looks_had(study, records).items()}
    return Measured(metric, rule_of(study, metric, records), _values(study, records, metric), seeds)


def differences(study: Study, records: list[Record]) -> dict[str, list[float]]:
    """Per ablation, its paired differences to its reference in the metric that verdicts are asked of, by seed."""
    pairs = pairing(study, records, judged_by(study))
    return {arm["name"]: pairs(arm["name"], len(study["looks"])).differences.tolist() for arm in ablations_of(study)}


def pairing(study: Study, records: list[Record], metric: Metric) -> Callable[[str, int], stats.Pairs]:
    """Gives an ablation's pairs after so many looks."""
    values = _values(study, records, metric)
    references = {arm["name"]: reference_of(arm) for arm in ablations_of(study)}

    def pairs(name: str, looks: int) -> stats.Pairs:
        return stats.pair(values.get(name, {}), values.get(references[name], {}), seeds_of(study, looks))

    return pairs


def rule_of(study: Study, metric: Metric, records: list[Record]) -> stats.Rule:
    """How a metric's contrasts are judged in the study, of whose data the records say how many test examples there are."""
    verdict, looks = study["verdict"], tuple(look["seen"] for look in study["looks"])
    examples = next((record.data.get("test", 0) for record in records if record.data), 0)
    return stats.Rule(
        metric.margin_in(verdict),
        looks,
        verdict["alpha"],
        metric.higher_is_better,
        resolution=metric.unit.scale / examples if metric.share and examples else None,
        paired=verdict["paired"],
        futility=verdict["futility"],
        others=sum(study.get("removed", {}).values()),
    )


def looks_had(study: Study, records: list[Record]) -> dict[str, int]:
    """Per arm, after how many looks it has left records; the first always counts, and what it lacks is missing."""
    present = {(record.arm, record.seed) for record in records}
    had = {}
    for arm in study["arms"]:
        begun = [any((arm["name"], seed) in present for seed in look["seeds"]) for look in study["looks"]]
        had[arm["name"]] = max(1, begun.index(False) if False in begun else len(begun))
    return had


def seeds_of(study: Study, looks: int) -> list[int]:
    """The seeds of the first so many looks."""
    return [seed for look in study["looks"][:looks] for seed in look["seeds"]]


def _values(study: Study, records: list[Record], metric: Metric) -> dict[str, BySeed]:
    verdict = study["verdict"]  # one standing of a run in the whole report, whatever it is measured by
    values: dict[str, BySeed] = {}
    for record in records:
        value = None if record.failed(verdict["must_learn"], verdict["metric"]) else metric.figure(record.metrics)
        values.setdefault(record.arm, {})[record.seed] = value
    return values
