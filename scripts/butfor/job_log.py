"""Where a job's messages go: its log file, TensorFlow's own included."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import time
import traceback
import warnings
from functools import partial
from types import TracebackType
from typing import TextIO

from butfor.errors import StudyError
from butfor.orphan import end_with_start

MOST_BYTES = 16 * 2**20  # of a log that what others print may fill; butfor's own lines go on beyond
FULL = (errno.ENOSPC, errno.EDQUOT)
PAUSE = 0.5  # seconds between two looks at the log's size
_open: list[TextIO] = []  # for as long as the process lives
LEVELS = {0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}


def log_to(path: str, level: int = 1) -> TextIO:
    """Send this process's output and error output to a file, and butfor's messages with them; the error output as it
    was comes back, for what a person at the terminal should see.

    `level`: 0 silent (warnings only), 1 steps, 2 details. The file descriptors themselves are
    redirected, because TensorFlow writes to them from C++. Of what is printed without end only the beginning is kept.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if level != 2 else "0")
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1)
    _open.append(terminal)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    own = os.fdopen(log, "a", buffering=1)
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=own, force=True)
    logging.getLogger("butfor").setLevel(LEVELS[level])
    warnings.simplefilter("default")
    sys.excepthook = partial(_explain, own, terminal)
    threading.Thread(target=_bound, args=(own,), daemon=True).start()
    end_with_start()
    return terminal


def _bound(own: TextIO) -> None:
    """Once the log is too long, cut it and let what others print go nowhere."""
    while os.fstat(own.fileno()).st_size <= MOST_BYTES:
        time.sleep(PAUSE)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.ftruncate(own.fileno(), MOST_BYTES)
    own.write(f"\n… more than {MOST_BYTES >> 20} MiB were printed; the rest is left out, but for butfor's own lines.\n")


def _explain(
    log: TextIO, terminal: TextIO, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What a user can mend is said in its own words; anything else keeps its traceback."""
    if isinstance(error, KeyboardInterrupt):
        lines = ["Stopped by Ctrl-C; the same command goes on from here.\n"]
    elif isinstance(error, StudyError):
        lines = [*getattr(error, "__notes__", []), f"{kind.__name__}: {error}\n"]
    elif isinstance(error, OSError) and error.errno in FULL:
        lines = [f"{error}. Free some, and the same command goes on from here.\n"]
    else:
        lines = traceback.format_exception(kind, error, trace)
    try:
        log.writelines(lines)
    except OSError:  # the disk that the log is on is full
        terminal.writelines(lines)
