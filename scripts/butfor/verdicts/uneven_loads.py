"""Whether seconds of training may be compared between arms: by what else the machine did meanwhile, and by what trained."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

from butfor.languages.phrases import phrase
from butfor.records.record import Record

BOUND = 25  # percentage points between arms, of the processors at work, up to which nothing is said
LOAD = "cpu_utilization_percentage"


def remark_on_seconds(records: Sequence[Record]) -> str:
    """What to know before seconds of training are compared, in a sentence; empty where all arms were trained by the same, under
    about the same load. Records of runs on GPUs, and of earlier versions, tell no load that counts."""
    timed = [record for record in records if "train" in record.timing.get("seconds", {})]
    by_arm: dict[str, set[str]] = {}
    for record in timed:
        by_arm.setdefault(record.arm, set()).add(_trained_by(record))
    if len({frozenset(each) for each in by_arm.values()}) > 1:
        return phrase(
            "Not all arms were trained by the same processors and threads, so that their seconds do not compare."
        )
    loads = {arm: load for arm in by_arm if (load := _load([r for r in timed if r.arm == arm])) is not None}
    idle, busy = (choose(loads, key=lambda arm: loads[arm], default="") for choose in (min, max))
    if not loads or loads[busy] - loads[idle] <= BOUND:
        return ""
    return phrase(
        "Seconds were taken under different loads: {n} % of the machine's processors were at work while {arm} trained, and"
        " {n_other} % while {other} did. On a busier machine the same run takes longer.",
        arm=idle,
        n=f"{loads[idle]:.0f}",
        other=busy,
        n_other=f"{loads[busy]:.0f}",
    )


def _trained_by(record: Record) -> str:
    return f"{record.machine.get('processor', '')}, {record.machine.get('device', '')}"


def _load(records: Sequence[Record]) -> float | None:
    """The load under which an arm's middle run trained, in percent; None where no record tells it."""
    by_run = [
        [load[LOAD] for load in record.timing.get("loads", []) if LOAD in load] for record in records if _on_cpu(record)
    ]
    return median(map(fmean, known)) if (known := list(filter(None, by_run))) else None


def _on_cpu(record: Record) -> bool:
    return str(record.machine.get("device", "")).startswith("CPU")
