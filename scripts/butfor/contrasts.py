"""Records to contrasts: every ablation against its reference, on each metric, with a verdict."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from butfor import frames, stats
from butfor.record import Record, write_noted
from butfor.verdict_words import UNPROVEN, VOID


@dataclass(frozen=True)
class Metric:
    """A figure of a finished run that arms are compared by.

    of: the figure from a record's metrics, in `unit`. margin: the verdict setting that holds its margin, if any.
    """

    name: str
    of: Callable[[dict[str, float]], float]
    unit: str
    higher_is_better: bool
    margin: str | None = None


METRICS = (
    Metric("test/accuracy", lambda m: 100 * m["test/accuracy"], "accuracy points", True, "margin"),
    Metric("test/loss", lambda m: m["test/loss"], "nats", False, "loss_margin"),
    Metric("gap/accuracy", lambda m: 100 * (m["train/accuracy"] - m["test/accuracy"]), "accuracy points", False),
    Metric("gap/loss", lambda m: m["test/loss"] - m["train/loss"], "nats", False),
)


def compare(
    study: dict[str, Any], folders: Iterable[Path], checks_path: Path, contrasts_path: Path, tables: Path
) -> None:
    """Judge every ablation of `study` (plan and verdict settings) and write contrasts.json and the tables as CSV."""
    records = frames.records_in(folders)
    rows = judge(study, records, json.loads(checks_path.read_text()))
    tables.mkdir(parents=True, exist_ok=True)
    frames.runs_table(records).to_csv(tables / "runs.csv", index=False)
    frames.history_table(records).to_csv(tables / "history.csv", index=False)
    pd.DataFrame(rows).to_csv(tables / "contrasts.csv", index=False)
    frame = json.loads(pd.DataFrame(rows).to_json(orient="records", double_precision=15))
    write_noted(contrasts_path, json.dumps(frame, indent=1))


def judge(study: dict[str, Any], records: list[Record], checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per ablation and metric: arm, reference, family, metric, unit, the fields of stats.Contrast,
    `smallest_effect`, what the ablation's seeds could have shown, and `more_seeds`, what an undecided one lacks.

    The metric that verdicts are asked of says after which look an ablation is settled (see `decided`); the other metrics
    are judged on the same seeds.
    """
    deciding, refused = decided(study, records, checks), _refused(checks)
    groups, looks = _groups(study, refused), {name: c.look for name, c in deciding.items()}
    sizes = {name: len(group) for group in groups for name in group}
    rows = []
    for metric in METRICS:
        of_metric = metric.name == study["verdict"]["metric"]
        found = deciding if of_metric else _all_judged(study, records, metric, refused, looks)
        rule = _rule(study, metric)
        for arm in _ablations(study):
            name = arm["name"]
            names = {"arm": name, "reference": arm["reference"], "family": arm["family"]}
            lacking = None if found[name].settled else stats.more_seeds(found[name], rule, sizes[name])
            powers = {
                "smallest_effect": stats.smallest_effect(found[name], rule, sizes.get(name, 1)),
                "more_seeds": lacking,
            }
            rows.append({**names, "metric": metric.name, "unit": metric.unit, **vars(found[name]), **powers})
    return rows


def decided(study: dict[str, Any], records: list[Record], checks: list[dict[str, Any]]) -> dict[str, stats.Contrast]:
    """Every ablation's contrast on the metric that verdicts are asked of, after the look that settled it or its last.

    An ablation that changed nothing is void, one that failed its check is unproven: neither is judged, and neither
    counts among the ablations that probabilities are corrected over.
    """
    metric = next(metric for metric in METRICS if metric.name == study["verdict"]["metric"])
    return _all_judged(study, records, metric, _refused(checks), _looks_had(study, records))


def _all_judged(
    study: dict[str, Any],
    records: list[Record],
    metric: Metric,
    refused: dict[str, tuple[str, str]],
    looks: dict[str, int],
) -> dict[str, stats.Contrast]:
    found = _judged(study, records, metric, _groups(study, refused), looks)
    for arm in _ablations(study):
        if arm["name"] in refused:
            verdict, remark = refused[arm["name"]]
            found[arm["name"]] = _unjudged(study, records, metric, arm, looks[arm["name"]], verdict, remark)
    return found


def _judged(
    study: dict[str, Any], records: list[Record], metric: Metric, groups: list[list[str]], looks: dict[str, int]
) -> dict[str, stats.Contrast]:
    """Every ablation's contrast after as many looks as `looks` says, corrected within its group."""
    pairs, rule = _pairing(study, records, metric), _rule(study, metric)
    found: dict[str, stats.Contrast] = {}
    for group in groups:
        if metric.name == study["verdict"]["metric"]:
            found |= stats.judge_pairs({name: [pairs(name, n + 1) for n in range(looks[name])] for name in group}, rule)
        else:
            once = stats.judge_once({name: pairs(name, looks[name]) for name in group}, rule)
            found |= {name: dataclasses.replace(c, look=looks[name]) for name, c in once.items()}
    return found


def _unjudged(
    study: dict[str, Any],
    records: list[Record],
    metric: Metric,
    arm: dict[str, Any],
    look: int,
    verdict: str,
    remark: str,
) -> stats.Contrast:
    rule = _rule(study, metric)
    pairs = _pairing(study, records, metric)(arm["name"], look)
    c = stats.contrast(pairs, rule.margin, len(rule.looks), rule.alpha, rule.higher_is_better)
    return dataclasses.replace(c, verdict=verdict, remark=remark, look=look, settled=True)


def pairs_of(study: dict[str, Any], records: list[Record], metric: str, arm: str, looks: int) -> stats.Pairs:
    """An ablation's pairs on a metric after so many looks."""
    return _pairing(study, records, next(found for found in METRICS if found.name == metric))(arm, looks)


def _pairing(study: dict[str, Any], records: list[Record], metric: Metric) -> Callable[[str, int], stats.Pairs]:
    """Gives an ablation's pairs after so many looks."""
    values = _values(records, metric, study["verdict"]["must_learn"])
    references = {arm["name"]: arm["reference"] for arm in study["arms"]}

    def pairs(name: str, looks: int) -> stats.Pairs:
        seeds = [seed for look in study["looks"][:looks] for seed in look["seeds"]]
        return stats.pair(values.get(name, {}), values.get(references[name], {}), seeds)

    return pairs


def _rule(study: dict[str, Any], metric: Metric) -> stats.Rule:
    verdict = study["verdict"]
    margin = verdict[metric.margin] if metric.margin else None
    looks = tuple(look["seen"] for look in study["looks"])
    return stats.Rule(margin, looks, verdict["alpha"], metric.higher_is_better)


def _ablations(study: dict[str, Any]) -> list[dict[str, Any]]:
    return [arm for arm in study["arms"] if arm["reference"]]


def _groups(study: dict[str, Any], refused: dict[str, Any]) -> list[list[str]]:
    """The judged ablations, by what their probabilities are corrected over together."""
    whole = study["verdict"]["corrected_over"] == "report"
    groups: dict[str, list[str]] = {}
    for arm in _ablations(study):
        if arm["name"] not in refused:
            groups.setdefault("" if whole else arm["family"], []).append(arm["name"])
    return list(groups.values())


def _looks_had(study: dict[str, Any], records: list[Record]) -> dict[str, int]:
    """Per arm, after how many looks it has left records; the first always counts, and what it lacks is missing."""
    present = {(record.arm, record.seed) for record in records}
    had = {}
    for arm in study["arms"]:
        begun = [any((arm["name"], seed) in present for seed in look["seeds"]) for look in study["looks"]]
        had[arm["name"]] = max(1, begun.index(False) if False in begun else len(begun))
    return had


def _refused(checks: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Verdict and remark of the ablations that are not judged."""
    return {
        row["arm"]: (VOID, "") if row["outcome"] == "void" else (UNPROVEN, row["problems"][0])
        for row in checks
        if row["outcome"] in ("void", "failed")
    }


def differences(study: dict[str, Any], records: list[Record]) -> dict[str, list[float]]:
    """Per ablation, the paired differences to its reference in test accuracy, in points, by seed."""
    seeds = [seed for look in study["looks"] for seed in look["seeds"]]
    values = _values(records, METRICS[0], study["verdict"]["must_learn"])
    return {
        arm["name"]: stats.pair(
            values.get(arm["name"], {}), values.get(arm["reference"], {}), seeds
        ).differences.tolist()
        for arm in study["arms"]
        if arm["reference"]
    }


@dataclass(frozen=True)
class Measured:
    """What the metric that verdicts are asked of says of every arm.

    values: arm to seed to value, None for a failed run. seeds: per arm, those of the looks that it has had.
    """

    metric: Metric
    rule: stats.Rule
    values: dict[str, dict[int, float | None]]
    seeds: dict[str, list[int]]


def measured(study: dict[str, Any], records: list[Record]) -> Measured:
    """Every arm's values of the metric that verdicts are asked of."""
    metric = next(metric for metric in METRICS if metric.name == study["verdict"]["metric"])
    seeds = {
        name: [seed for look in study["looks"][:had] for seed in look["seeds"]]
        for name, had in _looks_had(study, records).items()
    }
    return Measured(metric, _rule(study, metric), _values(records, metric, study["verdict"]["must_learn"]), seeds)


def _values(records: list[Record], metric: Metric, must_learn: bool) -> dict[str, dict[int, float | None]]:
    """Arm to seed to value, None for a failed run."""
    failed = {"diverged", "at_chance"} if must_learn else {"diverged"}
    values: dict[str, dict[int, float | None]] = {}
    for record in records:
        value = None if record.status in failed else metric.of(record.metrics)
        values.setdefault(record.arm, {})[record.seed] = value
    return values
