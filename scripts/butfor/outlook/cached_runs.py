"""Which runs of a study need no training, since their records are there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from butfor.records import earlier
from butfor.records.results_folder import RUNS, UNFINISHED, record_in
from butfor.workflow.inheritance import foreseen, used_seeds
from butfor.workflow.origins import data_trained_on

Cached = dict[tuple[str, str], list[int]]


def cached_runs(results: Path, planned: Iterable[tuple[str, dict[str, Any]]]) -> Cached:
    """By arm and look, the seeds whose records a start would use. planned: each look with the training of an arm."""
    trainings = list(planned)
    taken, data = foreseen(results, trainings).taken, data_trained_on(results)
    cached: Cached = {}
    for look, training in trainings:
        arm, seeds = training["arm"], training["seeds"]
        if results / RUNS.format(arm=arm, look=look) in taken:
            cached[arm, look] = seeds
            continue
        waiting = _unfinished(results, arm, earlier.origin(training, data(training)), seeds)
        cached[arm, look] = sorted({*used_seeds(results, training, look), *waiting})
    return cached


def _unfinished(results: Path, arm: str, origin: str, seeds: list[int]) -> list[int]:
    """The seeds that are finished of a job which has not ended."""
    waiting = []
    for folder in (results / "runs" / arm / UNFINISHED).glob("*/"):
        for seed in seeds:
            try:
                device = json.loads(record_in(folder, seed).read_bytes())["machine"]["device"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if folder.name == earlier.mark(origin, device):
                waiting.append(seed)
    return waiting
