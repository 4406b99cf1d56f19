"""The retries of jobs: none of a training whose model could not be built, since it would only be refused once more; and what each
reserves.

Snakemake knows retries by rule alone, so that the number that a job has is decided here, and reserves for each what the first
attempt took. Standard library only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from butfor.training.built import failure


def refuse_once(kind: type[Any]) -> None:
    """Have jobs of this kind, which is Snakemake's `Job`, tried once where the file about their model (`input.built`) says why
    it could not be built."""
    kind.restart_times = property(lambda job: 0 if _is_refused(job) else job.rule.restart_times)


def reserve_anew(kind: type[Any]) -> None:
    """Have each attempt of jobs of this kind, which is Snakemake's `Job`, reserve the cores and the memory that it asks for."""
    attempt = kind.attempt

    def ask_anew(job: Any, number: int) -> None:
        attempt.fset(job, number)
        job._scheduler_resources = None

    kind.attempt = attempt.setter(ask_anew)


def _is_refused(job: Any) -> bool:
    return any(failure(Path(path)) for path in job.input.get("built", []))
