"""The files that a run holds in MLflow: its record, its recipe, its curves, and the job's log if it failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import yaml

from butfor.figures import run_curves
from butfor.fingerprint import canonical
from butfor.records.record import Record
from butfor.records.results_folder import JobPlace
from butfor.tracking.artifacts import Artifact


class JobFiles:
    """The files of the runs of one training job, whose `records` lie in the folder `runs`."""

    def __init__(self, runs: Path, records: Iterable[Record]) -> None:
        self._runs, self._records = runs, list(records)

    def of(self, path: Path, record: Record) -> Iterator[Artifact]:
        """The files of the run whose record lies in `path`."""
        yield Artifact(path.name, path)
        yield Artifact("recipe.yaml", self._recipe)
        yield Artifact("curves.svg", run_curves.of_seed(self._curves, record.seed))
        if record.status != "ok":
            yield from job_log(self._runs)

    @cached_property
    def _recipe(self) -> str:
        return yaml.safe_dump(canonical(self._records[0].recipe), allow_unicode=True)

    @cached_property
    def _curves(self) -> str:
        return run_curves.sheet(self._records)


def job_log(runs: Path) -> Iterator[Artifact]:
    """The log of the training job whose records are to lie in the folder `runs`, if it is there."""
    path = JobPlace(runs).log
    if path.exists():
        yield Artifact(path.name, path)
