"""What the records say of a metric: a value per arm and seed, none where a run failed, and in pairs with the reference."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor import stats
from butfor.arm_names import data_set_of
from butfor.fold_numbers import overlap
from butfor.recipe.tasks import BINARY, CLASSIFICATION, task_of
from butfor.records.record import Record
from butfor.study.metrics import Metric
from butfor.study.study_metrics import judged_by
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
    """Per ablation, its paired differences to its reference in the metric that verdicts are asked of, by seed; none where arms
    share no seeds."""
    if are_independent(study):
        return {}
    pairs = pairing(study, records, judged_by(study))
    return {arm["name"]: pairs(arm["name"], len(study["looks"])).differences.tolist() for arm in ablations_of(study)}


def paired_seeds(study: Study, records: list[Record]) -> dict[str, list[int]]:
    """Per ablation, the seeds of its paired differences, in their order."""
    values, seeds = _values(study, records, judged_by(study)), seeds_of(study, len(study["looks"]))
    return {
        arm["name"]: [
            seed
            for seed in seeds
            if all(values.get(one, {}).get(seed) is not None for one in (arm["name"], reference_of(arm)))
        ]
        for arm in ablations_of(study)
    }


def pairing(study: Study, records: list[Record], metric: Metric) -> Callable[[str, int], stats.Pairs]:
    """Gives an ablation's pairs after so many looks."""
    values = _values(study, records, metric)
    references = {arm["name"]: reference_of(arm) for arm in ablations_of(study)}
    own = study.get("own_seeds", {})
    steps = _steps(metric, records) if any(map(data_set_of, references)) else {}

    def pairs(name: str, looks: int) -> stats.Pairs:
        seeds = own.get(name) or seeds_of(study, looks)
        ablation, reference = values.get(name, {}), values.get(references[name], {})
        own_pairs = stats.pair(ablation, reference, seeds)
        if name in own and are_independent(study):
            more = _beyond(ablation, seeds), _beyond(reference, seeds)
            own_pairs = replace(own_pairs, more_ablation=more[0], more_reference=more[1])
        on = data_set_of(name)
        return (
            replace(own_pairs, resolution=steps.get(on), margin=metric.margins.get(on))
            if steps or metric.margins
            else own_pairs
        )

    return pairs


def are_independent(study: Study) -> bool:
    """Whether arms are independent samples, whose runs have no counterparts: only runs made elsewhere are."""
    return "own_seeds" in study and not study["verdict"]["paired"]


def _beyond(values: BySeed, seeds: list[int]) -> npt.NDArray[np.float64]:
    """The values of runs that are not among those seeds."""
    return np.array([value for seed, value in values.items() if seed not in seeds and value is not None], np.float64)


def rule_of(study: Study, metric: Metric, records: list[Record]) -> stats.Rule:
    """How a metric's contrasts are judged in the study, of whose data the records say how many test examples there are."""
    verdict, looks = study["verdict"], tuple(look["seen"] for look in study["looks"])
    return stats.Rule(
        metric.margin_in(verdict),
        looks,
        verdict["alpha"],
        metric.higher_is_better,
        resolution=max(_steps(metric, records).values(), default=None),  # of several data sets, the coarsest
        paired=verdict["paired"],
        futility=verdict["futility"],
        others=sum(study.get("removed", {}).values()),
        overlap=overlap(study.get("replicates")),
    )


def _steps(metric: Metric, records: list[Record]) -> dict[str, float]:
    """By data set, the smallest step that a share of its test examples makes."""
    about: dict[str, dict[str, Any]] = {}
    for record in (record for record in records if record.data):  # of folds, that with the fewest examples
        known = about.setdefault(data_set_of(record.arm), record.data)
        if record.data.get("test", 0) < known.get("test", 0):
            about[data_set_of(record.arm)] = record.data
    steps = {name: _step(metric, data) for name, data in about.items()}
    return {name: step for name, step in steps.items() if step is not None}


def _step(metric: Metric, about: dict[str, Any]) -> float | None:
    counts = metric.share and task_of(about) in (CLASSIFICATION, BINARY)  # else it moves in smaller steps
    examples = about.get("test", 0) if counts else 0
    return metric.unit.scale / examples if examples else None


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
        is_known = not record.failed(verdict["must_learn"], verdict["metric"])
        values.setdefault(record.arm, {})[record.seed] = _figure(metric, record) if is_known else None
    return values


def _figure(metric: Metric, record: Record) -> float | None:
    """A run's figure; None where its predictions leave the metric undefined, which only those of a useless model do."""
    if record.status != "ok":
        with suppress(KeyError):
            return metric.figure(record.metrics)
        return None
    return metric.figure(record.metrics)
