"""The live view of a start in the process of Snakemake: drawn anew every second, and all that jobs and Snakemake write to the
terminal stands above it."""

from __future__ import annotations

import atexit
import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from butfor.errors import StudyError
from butfor.report.study_progress import study_progress
from butfor.terminal.live_view import live_view
from butfor.terminal.time_left import TimeLeft

PAUSE = 1.0  # seconds between two looks at the files
STDERR = 2


class OpenView:
    """A live view of the study in the folder `results`. time_left: makes what tells the time that is left; it reads records, so
    that it is made beside the study."""

    def __init__(self, name: str, question: str, results: Path, time_left: Callable[[], TimeLeft]) -> None:
        self._title = f"{name}: {question}" if question else name
        self._results, self._time_left = results, time_left
        self._since, self._doing = time.time(), ""
        self._terminal = os.fdopen(os.dup(STDERR), "w", buffering=1, encoding="utf-8", errors="replace")
        self._live = Live(
            console=Console(file=self._terminal), auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._writes = threading.Lock()  # rich's own lets go before what is drawn is written
        self._written, writing = os.pipe()
        os.dup2(writing, STDERR)
        os.close(writing)
        self._ended = threading.Event()
        self._live.start()
        atexit.register(self.close)  # what is said where Snakemake ends by itself is seen
        works = (self._pass_on, self._draw)  # each in the language in use
        self._threads = [threading.Thread(target=copy_context().run, args=(each,), daemon=True) for each in works]
        for thread in self._threads:
            thread.start()

    def doing(self, what: str) -> None:
        """Say what is done now."""
        self._doing = what

    def say(self, text: str) -> None:
        """Have a text above the view."""
        with self._writes, suppress(OSError):  # a terminal that is gone
            self._live.console.print(Text.from_ansi(text))

    def close(self) -> None:
        """End the view: standard error is the terminal again, and the last state stays on the screen."""
        if self._ended.is_set():
            return
        self._doing = ""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        with suppress(OSError):
            self._live.stop()
        os.dup2(self._terminal.fileno(), STDERR)
        os.close(self._written)

    def _pass_on(self) -> None:
        """Have above the view what is written to standard error, whole lines at a time."""
        waiting = b""
        while True:
            if select.select([self._written], [], [], 0.1)[0]:
                waiting += os.read(self._written, 65536)
                *lines, waiting = waiting.split(b"\n")
                for line in lines:
                    self.say(line.decode("utf-8", errors="replace"))
            elif self._ended.is_set():
                break
        if waiting:
            self.say(waiting.decode("utf-8", errors="replace"))

    def _draw(self) -> None:
        time_left = None
        while True:
            is_last = self._ended.is_set()
            try:
                progress = study_progress(self._results)
                left = time_left.of(progress) if time_left and not is_last else None
                with self._writes:
                    self._live.update(live_view(self._title, progress, left, self._since, self._doing), refresh=True)
            except (StudyError, OSError):  # a file that a job replaces
                pass
            if is_last:
                return
            time_left = time_left or self._time_left()
            self._ended.wait(PAUSE)
