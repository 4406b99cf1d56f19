"""A time limit for code that may hang: a process beside a job kills it when its time is up, and writes why.

A process and not a thread or a signal, because native code that hangs lets neither run.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from butfor.process.start_settings import announced

DUMP_TRACEBACK = signal.SIGUSR2
WATCH = Path(__file__).with_name("time_limit_watch.py")


@contextlib.contextmanager
def time_limit(minutes: float | None, task: str, note: dict[str, Any] | None = None) -> Iterator[None]:
    """A context that kills this process if it lasts longer than `minutes`; None: than the start allows, if it sets a limit.
    The time for which the machine sleeps or the process is stopped does not count.

    The error output then shows a traceback and says that the `task` took too long; so does the `note`, see FailureNote.of.
    """
    minutes = announced().max_minutes if minutes is None else minutes
    if minutes is None:
        yield
        return
    faulthandler.register(DUMP_TRACEBACK)
    message = f"TimeLimitError: {task}: ended, because it took longer than max_minutes {minutes:g}."
    settings = json.dumps({"process": os.getpid(), "seconds": 60 * minutes, "message": message, "note": note})
    watch = subprocess.Popen([sys.executable, "-I", "-S", WATCH, settings], stdin=subprocess.PIPE)
    try:
        yield
    finally:
        if watch.stdin:
            watch.stdin.close()
        watch.wait()
