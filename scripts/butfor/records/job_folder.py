"""The receipt of a job: a hidden file beside its folder of records that says what they were made from, and that is the
lock by which one job at a time makes the folder.

Standard library only.
"""

from __future__ import annotations

import fcntl
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from butfor.records.results_folder import UNFINISHED, is_record, receipt_beside

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Receipt:
    """What a folder of records was made from. mark: a fingerprint of all that decides their numbers, the device too. seeds:
    those of the records. origin: a fingerprint of what they follow from, whichever device trained (see earlier.origin).
    token: what Snakemake was told that they were made from."""

    mark: str
    seeds: list[int]
    origin: str = ""
    token: str = ""


def waiting(runs: Path, mark: str) -> Path:
    """The folder in which finished records wait for the others of their job."""
    return runs.parent / UNFINISHED / mark


@contextmanager
def alone(runs: Path) -> Iterator[None]:
    """A context in which no other job makes the folder `runs`. Waits for one that does, which a killed start may have left
    behind.
    """
    runs.parent.mkdir(parents=True, exist_ok=True)
    with receipt_beside(runs).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another job is making %s: waiting for it", runs)
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as failure:  # a file system without locks
            log.warning("%s cannot be locked: %s", runs, failure)
        yield


def write(runs: Path, receipt: Receipt) -> None:
    """Write the receipt of the folder `runs`; in place, because the file is the lock."""
    receipt_beside(runs).write_text(json.dumps(asdict(receipt)))


def number_of_runs(folder: Path) -> int:
    """How many runs have records below a folder of arms, of jobs that have ended or not; one that several names have is one."""
    jobs: dict[Path, Receipt | None] = {}
    runs = set()
    for record in filter(is_record, folder.rglob("seed_*.json")):
        receipt = jobs.setdefault(record.parent, read(record.parent))
        runs.add((receipt.origin if receipt and receipt.origin else str(record.parent), record.name))
    return len(runs)


def read(runs: Path) -> Receipt | None:
    """The receipt of the folder `runs`; None if there is none or it is damaged."""
    try:
        return Receipt(**json.loads(receipt_beside(runs).read_text()))
    except (OSError, ValueError, TypeError):
        return None
