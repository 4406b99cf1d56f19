"""The process beside a job that kills it when its time is up: a script that imports nothing of butfor's, so that it starts
quickly."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from typing import Any

DUMP_TRACEBACK = signal.SIGUSR2  # as in time_limit
PAUSE = 0.5  # seconds; pauses are counted, and not what a clock says, which may jump where a machine sleeps


def _watch(settings: dict[str, Any]) -> None:
    left = settings["seconds"]
    while left > 0:
        pause = min(left, PAUSE)
        ready, _, _ = select.select([sys.stdin], [], [], pause)
        if ready:  # the task is done, or its process is gone
            return
        if not _is_stopped(settings["process"]):
            left -= pause
    note = settings["note"]
    with contextlib.suppress(OSError):
        if note:
            path = note["path"]
            part = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.part")  # see records/files.remove
            with open(part, "w") as stream:
                json.dump({**note["note"], "why": settings["message"]}, stream)
            os.replace(part, path)
    with contextlib.suppress(ProcessLookupError):
        os.kill(settings["process"], DUMP_TRACEBACK)
        time.sleep(0.5)  # native code cannot delay the traceback, which the signal's handler writes
        print(settings["message"], file=sys.stderr, flush=True)
        os.kill(settings["process"], signal.SIGKILL)


def _is_stopped(process: int) -> bool:
    """Whether a process is stopped, as Ctrl-Z leaves it; false where the system does not say."""
    try:
        with open(f"/proc/{process}/stat", "rb") as stat:
            return stat.read().rpartition(b") ")[2][:1] in (b"T", b"t")
    except OSError:
        return False


if __name__ == "__main__":
    _watch(json.loads(sys.argv[1]))
