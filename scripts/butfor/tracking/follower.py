"""The process beside a study's start that mirrors records into MLflow as jobs end, and long trainings as they go.

One process serves all jobs: a process for each would pay for the import of mlflow and for opening its store every time,
about 3 s, where writing a run takes less than a tenth of that. Standard library only, because the Snakefile imports it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from butfor.process.file_locks import AT_ONCE, SHARED, lock, open_lock
from butfor.records.results_folder import LAST_IMPORT, RUNS_FOLDER, TRACKED, UNDER_WAY, ended_jobs
from butfor.tracking import early_import

PATIENCE = 120.0  # seconds: until then, to import mlflow twice, here and for `track`, would be 2 % of a start and more
SHARE = 0.01  # of the processors of a start, which mirroring may use while the start trains
NICENESS = 19  # the highest: a core that a training fills is left to it to 98.5 %
PAUSE = 0.5  # seconds between two looks at the start
OWN_SESSION = Path("/proc/self/autogroup")
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
    """The work of the process: wait until the start has lasted a while, or has ended with something new before `track` ran;
    then mirror until the start has ended. Of a start whose trainings are over before that, see early_import.

    settings: those that `start` writes.
    """

    def is_running() -> bool:
        return os.getppid() == int(settings["parent"])

    def is_tracked() -> bool:
        return _modified(results / TRACKED) not in (None, tracked)

    results = Path(settings["results"])
    runs, arms, tracked = results / RUNS_FOLDER, settings["tracking"]["arms"], _modified(results / TRACKED)
    earlier = set(ended_jobs(runs, arms))
    end = time.monotonic() + settings["patience"]
    is_begun = False
    while is_running() and time.monotonic() < end:
        time.sleep(PAUSE)
        if not is_begun and early_import.can_begin():
            is_begun = True
            if jobs := [job for job in ended_jobs(runs, arms) if job not in earlier]:
                early_import.import_early(settings["tracking"], results, jobs)
    new = earlier.symmetric_difference(ended_jobs(runs, arms)) or list(results.glob(UNDER_WAY))
    if not is_running() and (not new or is_tracked()):
        return
    if is_running():  # otherwise there are no trainings to disturb
        _lower_priority(settings["niceness"])
    threading.Thread(target=give_way, args=[results], daemon=True).start()
    from butfor.tracking import job_imports  # imports mlflow

    job_imports.follow(
        settings["tracking"], runs, results, settings["live"], is_running, earlier, settings["share"], is_tracked
    )


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _lower_priority(niceness: int) -> None:
    """Leave the processors to the trainings, and use what they leave.

    Linux divides a core between sessions before it divides it between the processes of a session (autogroup, sched(7)), and
    a niceness counts only within its session: this process, in a session of its own, would get half of every core.
    """
    os.nice(niceness)
    with contextlib.suppress(OSError):  # a system without autogroups, or a container that forbids it
        OWN_SESSION.write_text(str(niceness))


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


def _modified(path: Path) -> int | None:
    """The time of a file's last change, in ns; None if there is no file."""
    return path.stat().st_mtime_ns if path.exists() else None
