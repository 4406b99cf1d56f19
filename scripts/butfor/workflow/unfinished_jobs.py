"""Training jobs that have not ended: which of them a start would not go on with, since its recipes, data or code are others.
Standard library only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from butfor.records import earlier
from butfor.records.results_folder import RUNS_FOLDER, UNFINISHED, is_record
from butfor.workflow.origins import data_trained_on, origin_of


def outdated_jobs(results: Path, plan: Iterable[tuple[str, dict[str, Any]]]) -> set[Path]:
    """The folders of seeds that are finished, of jobs whose seeds the plan does not ask for; where the data are not known yet,
    none is told. plan: each look with the training of an arm."""
    folders = {folder: device for folder, device in _with_devices(results) if device}
    if not folders:
        return set()
    data, origins, unknown = data_trained_on(results), dict[str, set[str]](), set[str]()
    for _, training in plan:
        arm, of_arm = training["arm"], data(training)
        origins.setdefault(arm, set()).add(origin_of(training, of_arm))
        unknown |= set() if of_arm else {arm}
    return {
        folder
        for folder, device in folders.items()
        if (arm := folder.parents[1].name) not in unknown
        and folder.name not in {earlier.mark(origin, device) for origin in origins.get(arm, ())}
    }


def _with_devices(results: Path) -> Iterator[tuple[Path, str]]:
    """Each folder, with the device that has trained its seeds; empty where no record tells it."""
    for folder in (results / RUNS_FOLDER).glob(f"*/{UNFINISHED}/*/"):
        yield Path(folder), next(filter(None, map(_device, filter(is_record, folder.glob("seed_*.json")))), "")


def _device(record: Path) -> str:
    try:
        return str(json.loads(record.read_bytes())["machine"]["device"])
    except (OSError, ValueError, KeyError, TypeError):  # a damaged record, of which a start says so
        return ""
