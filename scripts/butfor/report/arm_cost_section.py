"""The report's table of what each arm's model costs, beside what it brings."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from butfor.records.record import Record
from butfor.study.metrics import Metric
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.cost_claims import seconds_per_epoch
from butfor.verdicts.numbers import NONE, signed
from butfor.verdicts.rows import ContrastRow

Costs = dict[str, Any]


def arm_cost_section(study: Study, rows: list[ContrastRow], records: list[Record], costs: Costs | None) -> str:
    """Parameters, operations, latency and seconds per epoch of every arm, each with its change against the reference; empty where
    they were not asked for. costs: see training/arm_costs."""
    if not costs:
        return ""
    metric, effects = judged_by(study), {row["arm"]: row["effect"] for row in judged_by(study).rows(rows)}
    sizes = list(next(iter(costs["arms"].values()))["latency"])
    head = [
        "arm",
        "parameters",
        "operations",
        *(f"ms, batch {size}" for size in sizes),
        "MiB",
        *(["J / 1 000"] if any(row.get("joules") for row in costs["arms"].values()) else []),
        "s per epoch",
        f"{metric.short}",
    ]
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)]
    epochs = {arm: _seconds_per_epoch(records, arm) for arm in costs["arms"]}
    for arm in study["arms"]:
        own, base = costs["arms"].get(arm["name"]), costs["arms"].get(arm["reference"] or "")
        if own is None:
            continue
        lines.append(
            [
                f"`{arm['name']}`",
                _with_change(own["parameters"], base and base["parameters"]),
                _with_change(own["operations"], base and base["operations"]),
                *(_with_change(own["latency"][size][0], base and base["latency"][size][0]) for size in sizes),
                _with_change(_mebibytes(own), base and _mebibytes(base)),
                *([_with_change(own.get("joules"), base and base.get("joules"))] if "J / 1 000" in head else []),
                _with_change(epochs[arm["name"]], epochs.get(arm["reference"] or "")),
                NONE if effects.get(arm["name"]) is None else signed(effects[arm["name"]], metric.unit.decimals),
            ]
        )
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    tail = "; ".join(
        f"batch {size}: 95 % of predictions within {max(row['latency'][size][1] for row in costs['arms'].values()):.3g} ms"
        for size in sizes
    )
    return (
        f"## What the arms cost\n\n{table}\n\nIn brackets, the change against the reference; the last column is the effect in"
        f" {metric.unit.name}. MiB: the most memory that the process held beyond what it had before, while the model was made and"
        f" predicted.{_energy_words(costs)} Operations: floating-point, of one"
        f" prediction. Latency: the median, on {costs['device']} with"
        f" {costs['threads']} CPU thread(s), after a warm-up, while no training of this study ran ({tail}). Seconds per epoch:"
        " the median over all epochs of all runs, while as many trainings ran side by side as there were."
        + _ranking(study, rows, costs)
    )


def _mebibytes(row: dict[str, Any]) -> float | None:
    return row["memory"] / 2**20 if row.get("memory") is not None else None


def _energy_words(costs: Costs) -> str:
    by = {row.get("energy_by", "") for row in costs["arms"].values()} - {""}
    if not by:
        return " Energy: this machine tells none (no RAPL counter or nvidia-smi that may be read)."
    parts = {"RAPL": "the processors (RAPL)", "nvidia-smi": "the GPUs (nvidia-smi)"}
    return f" Energy: joules for 1 000 predictions, of {', '.join(parts.get(each, each) for each in sorted(by))}."


def _ranking(study: Study, rows: list[ContrastRow], costs: Costs) -> str:
    """What costs most per point: of the arms with a verdict, the operations (else parameters) that the better of an arm and its
    reference takes more, for what it is better by."""
    metric, lines = judged_by(study), []
    for row in metric.rows(rows):
        own, base = costs["arms"].get(row["arm"]), costs["arms"].get(row["reference"])
        if own is None or base is None or row["verdict"] not in ("helps", "hurts") or not row["effect"]:
            continue
        key = "operations" if own["operations"] and base["operations"] else "parameters"
        more, better = own[key] - base[key], metric.worth(row["effect"])
        if better < 0:
            more, better = -more, -better
        words = "it" if row["verdict"] == "helps" else "its reference"
        lines.append(
            (more / better, f"`{row['arm']}`: {words} is better by {better:.{metric.unit.decimals}f}", more, key)
        )
    if not lines:
        return ""
    ordered = sorted(lines, key=lambda line: -line[0])
    said = [
        f"{place}. {words}, for {_short(more)} {key} more ({_short(rate)} per {_one(metric)})"
        if more > 0
        else f"{place}. {words}, and takes {'as many' if not more else f'{_short(-more)} fewer'} {key}"
        for place, (rate, words, more, key) in enumerate(ordered, 1)
    ]
    return "\n\nWhat costs most per point, of the arms with a verdict:\n\n" + "\n".join(said)


def _one(metric: Metric) -> str:
    short = metric.unit.short
    return "point" if short == "points" else f"1 {short}"


def _seconds_per_epoch(records: list[Record], arm: str) -> float | None:
    own = [seconds for record in records if record.arm == arm and (seconds := seconds_per_epoch(record)) is not None]
    return median(own) if own else None


def _with_change(value: float | None, base: float | None) -> str:
    if value is None:
        return NONE
    shown = _short(value)
    if base is None or not base or value == base:
        return shown
    return f"{shown} ({signed(100 * (value / base - 1), 0)} %)"


def _short(value: float) -> str:
    """Three digits, with k, M and G for thousands and more."""
    if value < 1000:
        return f"{value:.3g}"
    place = min(int(math.log10(value) // 3), 4)
    return f"{value / 1000**place:.3g} {' kMGT'[place]}"
