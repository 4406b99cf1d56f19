"""A second Ctrl-C, while a start that the first has stopped waits for its jobs: it ends these at once, and what the start has to
say last is said all the same. Snakemake would end amid its own clearing up, with a traceback. Standard library only, but for what
Snakemake needs too."""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType
from typing import Any


def end_jobs_at_next() -> None:
    """Have the next Ctrl-C, and each after it, kill the jobs that run now on this machine; files are written atomically, so that
    they may be killed at any time. To be called in the main thread."""
    jobs = _jobs()

    def end(number: int, frame: FrameType | None) -> None:
        import psutil

        for job in jobs:
            with contextlib.suppress(psutil.Error):  # it has ended
                job.kill()

    signal.signal(signal.SIGINT, end)


def _jobs() -> list[Any]:
    """The processes that this one has started, without those that have a session of their own, such as the mirror."""
    import psutil

    session, jobs = os.getsid(0), []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(OSError):
            if os.getsid(process.pid) == session:
                jobs.append(process)
    return jobs
