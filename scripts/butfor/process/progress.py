"""The progress of a training: a file with a line per epoch, which is removed when the record is there.

A file and not a connection, so that a training depends neither on a network nor on MLflow.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import signal
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from butfor.process.parent_watch import is_alive

log = logging.getLogger(__name__)


class Progress:
    """The progress file of one run: a header, a line per epoch, and a last line if the run does not end well.

    Used as a context: leaving it without an error removes the file; SIGTERM or an error adds the last line. A file that
    cannot be written stops nothing, because the record is what counts.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self._path = path
        self._header = {**header, "process": os.getpid(), "host": platform.node()}
        self._former_handler: Any = None

    def __enter__(self) -> Progress:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        if threading.current_thread() is threading.main_thread():
            self._former_handler = signal.signal(signal.SIGTERM, self._killed)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._former_handler is not None:
            signal.signal(signal.SIGTERM, self._former_handler)
        if kind is None:
            self._path.unlink(missing_ok=True)
        else:
            self._end("FAILED" if issubclass(kind, Exception) else "KILLED")

    def begin(self, started: float) -> None:
        """Write the header, with the time at which the run started (seconds since 1970)."""
        self._write({**self._header, "started": started})

    def epoch(self, line: dict[str, Any]) -> None:
        """Write the line of an epoch."""
        self._write(line)

    def _killed(self, number: int, frame: FrameType | None) -> None:
        self._end("KILLED")
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _end(self, status: str) -> None:
        if self._path.exists():
            self._write({"ended_as": status, "at": time.time()})

    def _write(self, line: dict[str, Any]) -> None:
        try:
            with self._path.open("a") as stream:
                stream.write(json.dumps(line) + "\n")
        except OSError as failure:
            log.warning("the progress file could not be written: %s", failure)


def is_over(lines: list[dict[str, Any]]) -> bool:
    """Whether a training has written that it ends, or its process is gone from this machine. lines: what it has written."""
    here = lines[0]["host"] == platform.node()
    return "ended_as" in lines[-1] or (here and not is_alive(lines[0]["process"]))


def read(path: Path) -> list[dict[str, Any]]:
    """The complete lines of a progress file, up to one that a power cut has damaged; none if the file is gone."""
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return []
    lines = []
    for line in text[: text.rfind("\n") + 1].splitlines():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return lines
