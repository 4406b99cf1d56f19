"""The process beside a study's start that mirrors records into MLflow as jobs end, and long trainings as they go.

One process serves all jobs: a process for each would pay for the import of mlflow and for opening its store every time,
about 3 s, where writing a run takes less than a tenth of that. Standard library only, because the Snakefile imports it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from butfor.process.file_locks import AT_ONCE, SHARED, lock, open_lock
from butfor.records.results_folder import LAST_IMPORT, RUNS_FOLDER, TRACKED, UNDER_WAY, Job, ended_jobs
from butfor.tracking.forked_import import NICENESS, Following, can_begin, import_trained, time_of_change

PATIENCE = 60.0  # seconds: the results of a start that is over by then are left to its end, which is cheaper
SHARE = 0.01  # of the processors of a start, which mirroring may use while the start trains
PAUSE = 0.5  # seconds between two looks at the start
SCRIPT = Path(__file__).resolve().parents[2] / "follow.py"


def start(
    tracking: dict[str, Any],
    results: Path,
    live: bool,
    log: Path,
    patience: float = PATIENCE,
    share: float = SHARE,
    niceness: int = NICENESS,
) -> None:
    """Start the process; it ends by itself when this one has ended.

    It gets a session of its own, so that Ctrl-C ends the study's jobs but lets it write their results.
    tracking: see parameters.mirrored. live: whether long trainings are shown as they go. log: the file of its messages.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    settings = {"tracking": tracking, "results": str(results), "live": live, "parent": os.getpid()}
    settings |= {"patience": patience, "share": share * _processors(), "niceness": niceness}
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
            process.stdin.write(json.dumps(settings))
            process.stdin.close()


def follow(settings: dict[str, Any]) -> None:
    """The work of the process: mirror once the start has lasted a while, until its trainings are over; then at once what they
    have left, and what there is when the start ends before `track` ran.

    settings: those that `start` writes.
    """

    def is_running() -> bool:
        return os.getppid() == int(settings["parent"])

    def new() -> list[Job]:
        return [job for job in ended_jobs(runs, arms) if job not in earlier]

    results = Path(settings["results"])
    runs, arms, tracked = results / RUNS_FOLDER, settings["tracking"]["arms"], time_of_change(results / TRACKED)
    earlier = set(ended_jobs(runs, arms))
    end = time.monotonic() + settings["patience"]
    following, has_trained = None, False
    while is_running():
        if not has_trained and can_begin():
            has_trained = True
            if following:
                following.stop()
            if (jobs := new()) and import_trained(settings["tracking"], results, jobs):
                earlier.update(jobs)
        elif not (has_trained or following) and time.monotonic() >= end:
            following = Following(settings, earlier, tracked)
        time.sleep(PAUSE)
    if has_trained or not following:
        is_left = earlier.symmetric_difference(ended_jobs(runs, arms)) or list(results.glob(UNDER_WAY))
        if not is_left or time_of_change(results / TRACKED) not in (None, tracked):
            return
        following = Following(settings, earlier, tracked)
    following.end_with_start()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def give_way(results: Path) -> None:
    """End this process as soon as the last import of a start waits for it or has begun, whatever it is writing.

    That import does all that this one has left, as after a kill -9, and at once: with what other programs leave of the
    processors, this process may take minutes for what it has begun, and its priority cannot be raised again.
    """
    while True:
        try:
            with open_lock(results / LAST_IMPORT) as last:
                lock(last, SHARED | AT_ONCE)
        except BlockingIOError:
            os._exit(0)
        time.sleep(PAUSE)
