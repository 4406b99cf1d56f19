"""A process beside a study's start that mirrors records into MLflow as jobs end, and long trainings as they go.

One process for all jobs: a job of its own for each would cost the import of mlflow and the opening of its store every
time, about 3 s, where a run takes less than a tenth of that. Standard library only, because the Snakefile imports it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

PATIENCE = 60.0  # seconds: what a start that is over by then has made is mirrored by `track` alone, which is cheaper
SHARE = 0.01  # of the processors of a start that mirroring may take while it trains
NICENESS = 19  # the most there is: a core that training fills is left to it to 98.5 %
PAUSE = 0.5  # seconds between two looks at the start
UNDER_WAY = "runs/*/.unfinished/*/seed_*"  # what trainings leave that have not ended
OWN_SESSION = Path("/proc/self/autogroup")
Job = tuple[Path, int]  # the folder of its records, and when it was made, in ns
SCRIPT = Path(__file__).resolve().parents[1] / "follow.py"


def start(
    tracking: dict[str, Any],
    results: Path,
    live: bool,
    log: Path,
    patience: float = PATIENCE,
    share: float = SHARE,
    niceness: int = NICENESS,
) -> None:
    """Start the process; it ends by itself when this one has.

    In a session of its own, so that Ctrl-C ends the study's jobs and leaves it to write what they have left.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    asked = {"tracking": tracking, "results": str(results), "live": live, "parent": os.getpid()}
    asked |= {"patience": patience, "share": share * _processors(), "niceness": niceness}
    with log.open("w") as messages:
        process = subprocess.Popen(
            [sys.executable, SCRIPT],
            stdin=subprocess.PIPE,
            stdout=messages,
            stderr=messages,
            start_new_session=True,
            text=True,
        )
        if process.stdin:
            process.stdin.write(json.dumps(asked))
            process.stdin.close()


def follow(asked: dict[str, Any]) -> None:
    """What the process does: wait whether the start lasts, or ends with something new before `track`, and then mirror until
    it has ended.
    """

    def going() -> bool:
        return os.getppid() == int(asked["parent"])

    results = Path(asked["results"])
    arms, tracked = asked["tracking"]["arms"], _made(results / "tracked.json")
    known = set(ended_jobs(results / "runs", arms))
    end = time.monotonic() + asked["patience"]
    while going() and time.monotonic() < end:
        time.sleep(PAUSE)
    new = known.symmetric_difference(ended_jobs(results / "runs", arms)) or list(results.glob(UNDER_WAY))
    if not going() and (not new or _made(results / "tracked.json") != tracked):
        return
    if going():  # else there are no trainings to give way to
        _give_way(asked["niceness"])
    from butfor import tracking  # brings mlflow

    tracking.follow(asked["tracking"], results / "runs", results, asked["live"], going, known, asked["share"])


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _give_way(niceness: int) -> None:
    """Leave the processors to the trainings, and take what they leave.

    Linux divides a core between sessions before it divides it between the processes of one (autogroup, sched(7)), and a
    niceness counts within its session alone: this process, in a session of its own, would get half of every core.
    """
    os.nice(niceness)
    with contextlib.suppress(OSError):  # a system without them, or where a container forbids it
        OWN_SESSION.write_text(str(niceness))


def ended_jobs(runs: Path, arms: Iterable[str]) -> Iterator[Job]:
    """The jobs of a study's arms whose records lie below the folder `runs`."""
    for arm in arms:
        for folder in sorted((runs / arm).glob("[!.]*")):
            with contextlib.suppress(FileNotFoundError):  # a job may be putting its records there anew
                yield folder, folder.stat().st_mtime_ns


def _made(path: Path) -> int | None:
    """When a file was made, in ns; None if it is not there."""
    return path.stat().st_mtime_ns if path.exists() else None
