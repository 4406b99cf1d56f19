"""What the runs of each arm cost: parameters, and the seconds of training of the median run."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from butfor.records.record import Record


@dataclass(frozen=True)
class RunCost:
    """What a run of one arm costs. parameters: those that are trained. seconds: of training, of the median run, while as many ran
    side by side as there were; None where it is not known."""

    parameters: int
    seconds: float | None


def run_costs(records: list[Record]) -> dict[str, RunCost]:
    """The costs of every arm that has records."""
    by_arm: dict[str, list[Record]] = {}
    for record in records:
        by_arm.setdefault(record.arm, []).append(record)
    return {arm: RunCost(own[0].parameters, _seconds(own)) for arm, own in by_arm.items()}


def _seconds(own: list[Record]) -> float | None:
    known = [float(record.timing["seconds"]["train"]) for record in own if "train" in record.timing.get("seconds", {})]
    return median(known) if known else None
