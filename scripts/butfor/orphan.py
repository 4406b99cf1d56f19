"""A job ends when the start it belongs to has been killed, so that the next start's job is the only one at work."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

PAUSE = 0.5  # seconds between two looks
START = "BUTFOR_START"


def announce_start() -> None:
    """Tell the jobs of this process, a Snakemake, whose they are; one that dies at once leaves them no other way to know."""
    os.environ[START] = str(os.getpid())


def end_with_start() -> None:
    """From now on, kill this process once its start is gone. It may be killed at any time: files are written whole."""
    start = int(os.environ.get(START, os.getppid()))
    threading.Thread(target=_watch, args=(start, os.getppid()), daemon=True).start()


def _watch(start: int, parent: int) -> None:
    while os.getppid() == parent and is_alive(start):
        time.sleep(PAUSE)
    print("The start that this job belongs to is gone: the job ends.", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def is_alive(process: int) -> bool:
    """Whether a process of this machine is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
