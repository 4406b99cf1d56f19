"""What a job's folder of records was made from, in a hidden file beside it, which also lets one job at a time make it.

Standard library only.
"""

from __future__ import annotations

import fcntl
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Receipt:
    """mark: stands for all that decides the records' numbers. seeds: those of the records."""

    mark: str
    seeds: list[int]


def path(runs: Path) -> Path:
    """The receipt's file."""
    return runs.parent / f".{runs.name}"


def waiting(runs: Path, mark: str) -> Path:
    """The folder in which records wait until all of a job's are there."""
    return runs.parent / ".unfinished" / mark


@contextmanager
def alone(runs: Path) -> Iterator[None]:
    """Make the folder `runs` alone: wait for another job that does, which a killed start may have left behind."""
    runs.parent.mkdir(parents=True, exist_ok=True)
    with path(runs).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another job is making %s: waiting for it", runs)
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as failure:  # a file system without locks
            log.warning("%s cannot be locked: %s", runs, failure)
        yield


def write(runs: Path, receipt: Receipt) -> None:
    """Say what the folder was made from; in place, since the file is the lock."""
    path(runs).write_text(json.dumps({"mark": receipt.mark, "seeds": receipt.seeds}))


def read(runs: Path) -> Receipt | None:
    """What the folder was made from; None if that is not known."""
    try:
        return Receipt(**json.loads(path(runs).read_text()))
    except (OSError, ValueError, TypeError):
        return None
