"""The log of a job: the file that all its messages go to, TensorFlow's own included."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
import traceback
import warnings
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TextIO

from butfor.errors import StudyError
from butfor.process import system_errors
from butfor.process.parent_watch import end_with_start
from butfor.process.start_settings import announced

MOST_BYTES = 16 * 2**20  # of a log before it is cut; from then on only butfor's own lines are added
STOPPED = "Stopped by Ctrl-C; the same command goes on from here."  # the last line of a job that Ctrl-C ends
PAUSE = 0.5  # seconds between two looks at the log's size
LIBRARIES_LEVEL = "TF_CPP_MIN_LOG_LEVEL"  # a variable
_terminals: list[TextIO] = []  # open as long as the process lives
_paths: list[Path] = []
LEVELS = {0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}


def log_to(path: str, level: int | None = None) -> TextIO:
    """Redirect this process's output, error output and log messages to a file; returns the former error output, for messages
    that a person at the terminal should see.

    level: 0 warnings only, 1 steps, 2 details; None: that of the start. The file descriptors themselves are redirected,
    because TensorFlow writes to them from C++. Of endless output only the first MOST_BYTES are kept.
    """
    level = announced().log_level if level is None else level
    os.environ.setdefault(LIBRARIES_LEVEL, libraries_level(level))
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1)
    _terminals.append(terminal)
    _paths.append(Path(path))
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    own = os.fdopen(log, "a", buffering=1)
    limit = _SizeLimit(own)
    handler = logging.StreamHandler(own)
    handler.addFilter(lambda record: limit.enforce())
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", handlers=[handler], force=True)
    logging.getLogger("butfor").setLevel(LEVELS[level])
    warnings.simplefilter("default")
    sys.excepthook = partial(_explain, own, terminal)
    threading.Thread(target=limit.watch, daemon=True).start()
    atexit.register(limit.enforce)
    end_with_start()
    return terminal


def libraries_level(level: int) -> str:
    """From which level on TensorFlow's libraries are heard: errors of theirs are about GPUs, but for alarms, raised for every
    program from its own cache, about names that LLVM has and the processor has not. They read it when they are imported."""
    if level == 2:
        return "0"
    return "2" if any(Path("/dev").glob("nvidia[0-9]*")) else "3"


def log_path() -> Path:
    """The file that this process's messages go to; the null device if there is none yet."""
    return _paths[-1] if _paths else Path(os.devnull)


class _SizeLimit:
    """The limit of a log: once the file is too long it is cut, once, and further output but butfor's own is discarded.

    It is enforced every PAUSE, before each line of butfor's own, which so come after the cut, and at the process's end.
    """

    def __init__(self, own: TextIO) -> None:
        self._own, self._lock, self.reached = own, threading.Lock(), False

    def enforce(self) -> bool:
        """Cut the log if it is too long. True, as a filter of log records that drops none."""
        with self._lock:
            if not self.reached and os.fstat(self._own.fileno()).st_size > MOST_BYTES:
                self.reached = True
                self._cut()
        return True

    def watch(self) -> None:
        """Enforce the limit from time to time until it is reached."""
        while not self.reached:
            time.sleep(PAUSE)
            self.enforce()

    def _cut(self) -> None:
        null = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(null, stream)
        os.ftruncate(self._own.fileno(), MOST_BYTES)
        notice = f"more than {MOST_BYTES >> 20} MiB were printed; from here on only butfor's own lines are shown."
        self._own.write(f"\n… {notice}\n")


def _explain(
    log: TextIO, terminal: TextIO, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Write the error that ends the process: a message alone if the user can mend it, else with its traceback."""
    if isinstance(error, KeyboardInterrupt):
        lines = [f"{STOPPED}\n"]
    elif isinstance(error, StudyError):
        lines = [*getattr(error, "__notes__", []), f"{kind.__name__}: {error}\n"]
    elif sentence := system_errors.sentence(error):
        lines = [f"{sentence}\n"]
    else:
        lines = traceback.format_exception(kind, error, trace)
    try:
        log.writelines(lines)
    except OSError:  # the disk that the log is on is full
        terminal.writelines(lines)
