"""What a training says while it runs, for whoever watches: a file with a line per epoch, gone once the record is there.

A file and not a connection, so that a training needs no network, no MLflow and no patience with either.
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

SUFFIX = ".progress.jsonl"
log = logging.getLogger(__name__)


class Progress:
    """The lines of one run: `about` it, then one per epoch, and how it ended if it did not end well.

    Used as a context: leaving it in good order removes the file; SIGTERM or an error leave a last line that says so.
    A file that cannot be written is let go, since the record is what counts.
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self._path = path
        self._about = {**about, "process": os.getpid(), "host": platform.node()}
        self._before: Any = None

    def __enter__(self) -> Progress:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._killed)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
        if kind is None:
            self._path.unlink(missing_ok=True)
        else:
            self._end("FAILED" if issubclass(kind, Exception) else "KILLED")

    def begin(self, started: float) -> None:
        """Say what the run is, and when it started (seconds since 1970)."""
        self._say({**self._about, "started": started})

    def epoch(self, line: dict[str, Any]) -> None:
        """Say what came of an epoch."""
        self._say(line)

    def _killed(self, number: int, frame: FrameType | None) -> None:
        self._end("KILLED")
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _end(self, how: str) -> None:
        if self._path.exists():
            self._say({"ended_as": how, "at": time.time()})

    def _say(self, line: dict[str, Any]) -> None:
        try:
            with self._path.open("a") as stream:
                stream.write(json.dumps(line) + "\n")
        except OSError as failure:
            log.warning("progress is not shown: %s", failure)


def read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a progress file so far, up to one that a power cut has damaged; none if it is gone."""
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
