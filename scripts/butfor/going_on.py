"""What follows a look: which ablations are settled, and which arms the next look trains."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from butfor import checks, contrasts, frames
from butfor.record import Record, write_noted

Study = dict[str, Any]


def decide(study: Study, look: str, folders: Iterable[Path], path: Path) -> str:
    """Judge the ablations of `study` after a look, write what follows, and say it in one line."""
    records = frames.records_in(folders)
    found = after(study, look, records)
    write_noted(path, json.dumps(found, indent=1))
    return in_words(found)


def after(study: Study, look: str, records: list[Record]) -> dict[str, Any]:
    """What follows a look that is not the last.

    look, seen: its name, and seeds per arm after it. settled, ablations: how many. next: the arms that the next look
    trains, undecided ablations and their references in the order of the plan; runs, hours: what that costs; stopped: why
    there is no next look although some ablations are undecided, empty if there is one.
    """
    this, following = next(pair for pair in pairwise(study["looks"]) if pair[0]["name"] == look)
    judged = contrasts.decided(study, records, checks.examine(study, records))
    undecided = [arm for arm in study["arms"] if arm["reference"] and not judged[arm["name"]].settled]
    wanted = {name for arm in undecided for name in (arm["name"], arm["reference"])}
    arms = [arm["name"] for arm in study["arms"] if arm["name"] in wanted]
    seconds = {arm: _seconds_per_run(records, arm) for arm in arms}
    runs = len(arms) * len(following["seeds"])
    hours = sum(seconds.values()) * len(following["seeds"]) / 3600
    stopped = _exceeded(study["budget"], len(records), runs, _seconds(records) / 3600, hours) if arms else ""
    return {
        "look": look,
        "seen": this["seen"],
        "settled": len(judged) - len(undecided),
        "ablations": len(judged),
        "undecided": [arm["name"] for arm in undecided],
        "following": following["seen"],
        "next": [] if stopped else arms,
        "runs": runs,
        "hours": hours,
        "stopped": stopped,
    }


def in_words(found: dict[str, Any]) -> str:
    """What follows a look in one line."""
    text = f"After {found['seen']} seeds {found['settled']} of {found['ablations']} ablations are settled."
    if found["stopped"]:
        return f"{text} No look at {found['following']}: {found['stopped']}."
    if not found["next"]:
        return text
    return (
        f"{text} The look at {found['following']} trains {found['runs']} runs of {len(found['next'])} arms,"
        f" about {_duration(found['hours'])} of one device, starts not counted: {', '.join(found['next'])}."
    )


def _exceeded(budget: dict[str, Any], runs: int, more_runs: int, hours: float, more_hours: float) -> str:
    if budget["max_runs"] is not None and runs + more_runs > budget["max_runs"]:
        return f"{runs} runs and {more_runs} more would exceed budget.max_runs {budget['max_runs']}"
    if budget["max_gpu_hours"] is not None and hours + more_hours > budget["max_gpu_hours"]:
        return (
            f"{hours:.3g} hours and about {more_hours:.3g} more would exceed"
            f" budget.max_gpu_hours {budget['max_gpu_hours']:g}"
        )
    return ""


def _seconds_per_run(records: list[Record], arm: str) -> float:
    own = [record for record in records if record.arm == arm]
    return _seconds(own) / len(own) if own else 0.0


def _seconds(records: list[Record]) -> float:
    return float(sum(sum(record.timing["seconds"].values()) for record in records))


def _duration(hours: float) -> str:
    if hours >= 1:
        return f"{hours:.1f} hours"
    return f"{60 * hours:.1f} minutes" if hours >= 1 / 60 else f"{3600 * hours:.0f} s"
