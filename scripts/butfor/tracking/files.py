"""The files that a run holds in MLflow: its record, its recipe, its curves, and its log if it failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from butfor.arm import canonical
from butfor.figures import run_curves
from butfor.record import Record


@dataclass(frozen=True)
class Kept:
    """An artifact: its name, with folders; and the file that it is, which has that name too, or its text."""

    name: str
    source: Path | str


class JobFiles:
    """The files of the runs of one training job, which left `records` in the folder `runs`."""

    def __init__(self, runs: Path, records: Iterable[Record]) -> None:
        self._runs, self._records = runs, list(records)

    def of(self, path: Path, record: Record) -> Iterator[Kept]:
        """The files of the run that left its record in `path`."""
        yield Kept(path.name, path)
        yield Kept("recipe.yaml", self._recipe)
        yield Kept("curves.svg", run_curves.of_seed(self._curves, record.seed))
        if record.status != "ok":
            yield from log_of(self._runs)

    @cached_property
    def _recipe(self) -> str:
        return yaml.safe_dump(canonical(self._records[0].recipe), allow_unicode=True)

    @cached_property
    def _curves(self) -> str:
        return run_curves.sheet(self._records)


def log_of(runs: Path) -> Iterator[Kept]:
    """The log of the training job that leaves its records in the folder `runs`, if it is still there."""
    path = runs.parents[2] / "logs" / "train" / f"{runs.parent.name}_{runs.name}.log"
    if path.exists():
        yield Kept(path.name, path)
