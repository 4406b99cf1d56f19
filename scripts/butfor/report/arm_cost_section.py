"""The report's table of what each arm's model costs, beside what it brings."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from butfor.languages.phrases import phrase, term
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
        *(phrase("arm"), phrase("parameters"), phrase("operations")),
        *(phrase("ms, batch {n}", n=size) for size in sizes),
        "MiB",
        *(["J / 1 000"] if any(row.get("joules") for row in costs["arms"].values()) else []),
        phrase("s per epoch"),
        term(metric.short),
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
    ends = "; ".join(
        phrase(
            "batch {n}: 95 % of predictions within {time} ms",
            n=size,
            time=f"{max(row['latency'][size][1] for row in costs['arms'].values()):.3g}",
        )
        for size in sizes
    )
    parts = [
        phrase(
            "In brackets, the change against the reference; the last column is the effect in {unit}.",
            unit=term(metric.unit.name),
        ),
        phrase(
            "MiB: the most memory that the process held beyond what it had before, while the model was made and predicted."
        ),
        _energy_words(costs),
        phrase("Operations: floating-point, of one prediction."),
        phrase(
            "Latency: the median, on {device} with {n} CPU thread(s), after a warm-up, while no training of this study ran"
            " ({ends}).",
            device=costs["device"],
            n=costs["threads"],
            ends=ends,
        ),
        phrase(
            "Seconds per epoch: the median over all epochs of all runs, while as many trainings ran side by side as there were."
        ),
    ]
    sections = [f"## {phrase('What the arms cost')}", table, " ".join(parts), *_ranking(study, rows, costs)]
    return "\n\n".join(sections)


def _mebibytes(row: dict[str, Any]) -> float | None:
    return row["memory"] / 2**20 if row.get("memory") is not None else None


def _energy_words(costs: Costs) -> str:
    by = {row.get("energy_by", "") for row in costs["arms"].values()} - {""}
    if not by:
        return phrase("Energy: this machine tells none (no RAPL counter or nvidia-smi that may be read).")
    parts = {"RAPL": phrase("the processors (RAPL)"), "nvidia-smi": phrase("the GPUs (nvidia-smi)")}
    return phrase(
        "Energy: joules for 1 000 predictions, of {parts}.",
        parts=", ".join(parts.get(each, each) for each in sorted(by)),
    )


def _ranking(study: Study, rows: list[ContrastRow], costs: Costs) -> list[str]:
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
        by = f"{better:.{metric.unit.decimals}f}"
        words = (
            phrase("`{arm}`: it is better by {effect}", arm=row["arm"], effect=by)
            if row["verdict"] == "helps"
            else phrase("`{arm}`: its reference is better by {effect}", arm=row["arm"], effect=by)
        )
        lines.append((more / better, words, more, key))
    if not lines:
        return []
    ordered = sorted(lines, key=lambda line: -line[0])
    entries = [
        f"{place}. {_price(words, more, rate, key, metric)}"
        for place, (rate, words, more, key) in enumerate(ordered, 1)
    ]
    return [phrase("What costs most per point, of the arms with a verdict:"), "\n".join(entries)]


def _price(words: str, more: float, rate: float, key: str, metric: Metric) -> str:
    """What being better costs. key: what is counted."""
    counted = phrase("operations") if key == "operations" else phrase("parameters")
    if more > 0:
        return phrase(
            "{better}, for {more} {counted} more ({rate} per {unit})",
            better=words,
            more=_short(more),
            counted=counted,
            rate=_short(rate),
            unit=phrase("point") if metric.unit.short == "points" else f"1 {term(metric.unit.short)}",
        )
    if not more:
        return phrase("{better}, and takes as many {counted}", better=words, counted=counted)
    return phrase("{better}, and takes {fewer} fewer {counted}", better=words, fewer=_short(-more), counted=counted)


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
