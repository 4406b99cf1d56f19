"""What earlier runs have taken, as their records tell: those of the study itself, and of studies in folders beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

from butfor.records.results_folder import EARLIER, RUNS_FOLDER, is_record, records_below

MOST_RECORDS = 1500  # of folders beside the study's, so that a plan comes at once


@dataclass(frozen=True)
class KnownRun:
    """A run that has ended, or that a probe foretells.

    job: the folder of its records. seconds: by phase; `compile` and `data` are those that a job has once. epochs: how many it
    trained. started, ended: of the run, in seconds since 1970. memory: the most that its process held, in MB; 0 if unknown.
    utilisation: the percentage of the machine's processors that were at work meanwhile, for whomever; None if unknown.
    batched: among how many runs of its cohort it was trained, in words; empty for a run that was trained by itself.
    """

    job: Path
    arm: str
    recipe: dict[str, Any]
    data: dict[str, Any]
    seconds: dict[str, float]
    epochs: int
    steps_per_epoch: int
    usable: bool
    started: float
    ended: float
    memory: float = 0.0
    device: str = ""
    engine: str = ""
    batched: str = ""
    utilisation: float | None = None

    @property
    def once(self) -> float:
        """The seconds that a job has once, whatever its seeds."""
        return self.seconds.get("compile", 0.0) + self.seconds.get("data", 0.0)

    @property
    def each(self) -> float:
        """The seconds that every seed of a job has."""
        return sum(self.seconds.values()) - self.once

    @property
    def beside(self) -> float:
        """Those of them in which it is examined and evaluated, and not trained."""
        return self.each - self.seconds.get("train", 0.0)


def own_runs(results: Path) -> list[KnownRun]:
    """The runs of a results folder, those that its study does not ask for any more too."""
    kept = sorted(filter(is_record, (results / EARLIER).glob("*/seed_*.json")))
    return list(runs_in([*records_below(results / RUNS_FOLDER), *kept]))


def folders_beside(results: Path) -> list[Path]:
    """Other studies' results folders: those beside a study's, that which it lies in, and those in it; the newest first."""
    around = [results.parent, *_inside(results.parent), *_inside(results)]
    others = {folder.resolve(): folder for folder in around if (folder / RUNS_FOLDER).is_dir()}
    others.pop(results.resolve(), None)
    return sorted(others.values(), key=lambda folder: (folder / RUNS_FOLDER).stat().st_mtime, reverse=True)


def runs_beside(results: Path) -> list[KnownRun]:
    """The runs of other studies, as many as can be read at once."""
    runs = (run for folder in folders_beside(results) for run in runs_in(records_below(folder / RUNS_FOLDER)))
    return list(islice(runs, MOST_RECORDS))


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []


def runs_in(records: Iterable[Path]) -> Iterator[KnownRun]:
    """The runs that some records are of."""
    for path in records:
        try:
            yield _run(path, json.loads(path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError):  # a damaged record tells nothing; a start says so
            continue


def _run(path: Path, fields: dict[str, Any]) -> KnownRun:
    timing = fields["timing"]
    used = [
        load["cpu_utilization_percentage"] for load in timing.get("loads", []) if "cpu_utilization_percentage" in load
    ]
    return KnownRun(
        job=path.parent,
        arm=fields["arm"],
        recipe=fields["recipe"],
        data=fields["data"] or {},
        seconds=dict(timing["seconds"]),
        epochs=len(fields["history"]),
        steps_per_epoch=fields["steps_per_epoch"],
        usable=fields["status"] != "diverged",
        started=timing["started"],
        ended=timing["ended"],
        memory=max((load.get("process_memory_usage_megabytes", 0.0) for load in timing.get("loads", [])), default=0.0),
        device=fields["machine"].get("device", ""),
        engine=fields["machine"].get("engine", ""),
        batched=fields["machine"].get("batched", ""),
        utilisation=fmean(used) if used else None,
    )
