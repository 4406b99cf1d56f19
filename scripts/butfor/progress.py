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
        self._about = {**about, "started": time.time(), "process": os.getpid(), "host": platform.node()}
        self._before: Any = None

    def __enter__(self) -> Progress:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._say(self._about)
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._killed)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
        if kind is None:
            self._path.unlink(missing_ok=True)
        else:
            self._say({"ended_as": "FAILED" if issubclass(kind, Exception) else "KILLED", "at": time.time()})

    @property
    def started(self) -> float:
        """Seconds since 1970; the run's record starts at the same moment."""
        return float(self._about["started"])

    def epoch(self, row: dict[str, Any]) -> None:
        """Say what came of an epoch."""
        self._say(row)

    def _killed(self, number: int, frame: FrameType | None) -> None:
        self._say({"ended_as": "KILLED", "at": time.time()})
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _say(self, line: dict[str, Any]) -> None:
        try:
            with self._path.open("a") as stream:
                stream.write(json.dumps(line) + "\n")
        except OSError as failure:
            log.warning("progress is not shown: %s", failure)


def read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a progress file so far; none if it is gone."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
