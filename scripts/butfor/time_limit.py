"""An end for code that hangs: a process beside a job that kills it when its time is up, after leaving its word.

A process and not a thread or a signal, because native code that hangs lets neither run.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

ASKS_WHERE = signal.SIGUSR2


@contextlib.contextmanager
def time_limit(minutes: float | None, what: str, word: dict[str, Any] | None = None) -> Iterator[None]:
    """Kill this process if what is done inside takes longer than `minutes`; None sets no limit.

    The error output then says where the process was and that `what` took too long; so does the note of `word`, see
    FailureNote.of.
    """
    if minutes is None:
        yield
        return
    faulthandler.register(ASKS_WHERE)
    line = f"TimeLimitError: {what}: ended, because it took longer than max_minutes {minutes:g}."
    asked = json.dumps({"process": os.getpid(), "seconds": 60 * minutes, "line": line, "word": word})
    watch = subprocess.Popen([sys.executable, "-I", "-S", __file__, asked], stdin=subprocess.PIPE)
    try:
        yield
    finally:
        if watch.stdin:
            watch.stdin.close()
        watch.wait()


def _watch(asked: dict[str, Any]) -> None:
    ready, _, _ = select.select([sys.stdin], [], [], asked["seconds"])
    if ready:  # it is done, or gone
        return
    with contextlib.suppress(OSError):
        if asked["word"]:
            path, note = asked["word"]["path"], {**asked["word"]["note"], "why": asked["line"]}
            with open(f"{path}.part", "w") as stream:
                json.dump(note, stream)
            os.replace(f"{path}.part", path)
    with contextlib.suppress(ProcessLookupError):
        os.kill(asked["process"], ASKS_WHERE)
        time.sleep(0.5)  # native code cannot hold this back: the answer is given in the signal's handler
        print(asked["line"], file=sys.stderr, flush=True)
        os.kill(asked["process"], signal.SIGKILL)


if __name__ == "__main__":
    _watch(json.loads(sys.argv[1]))
