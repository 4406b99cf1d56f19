"""A watch that ends a job when the start it belongs to has been killed, so that the next start's job works alone."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

PAUSE = 0.5  # seconds between two looks
START = "BUTFOR_START"
_last_words: list[Callable[[], None]] = []


def announce_start() -> None:
    """Pass the number of this process, a Snakemake, to its jobs: one that is killed at once leaves them no other trace."""
    os.environ[START] = str(os.getpid())


def end_with_start() -> None:
    """Kill this process as soon as its start is gone. It may be killed at any time, because files are written atomically."""
    start = int(os.environ.get(START, os.getppid()))
    threading.Thread(target=_watch, args=(start, os.getppid()), daemon=True).start()


@contextlib.contextmanager
def last_words(say: Callable[[], None]) -> Iterator[None]:
    """A context in which `say` is called before this process ends with its start."""
    _last_words.append(say)
    try:
        yield
    finally:
        _last_words.remove(say)


def _watch(start: int, parent: int) -> None:
    while os.getppid() == parent and is_alive(start):
        time.sleep(PAUSE)
    print("The start that this job belongs to is gone: the job ends.", file=sys.stderr, flush=True)
    for say in list(_last_words):
        with contextlib.suppress(OSError):  # a full disk must not keep the job alive
            say()
    os.kill(os.getpid(), signal.SIGKILL)


def is_alive(process: int) -> bool:
    """Whether a process with this number exists on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
