"""Where a job's messages go: its log file, TensorFlow's own included."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from types import TracebackType
from typing import TextIO

from butfor.errors import StudyError

LEVELS = {0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}


def log_to(path: str, level: int = 1) -> TextIO:
    """Send this process's output and error output to a file, and butfor's messages with them; the error output as it
    was comes back, for what a person at the terminal should see.

    `level`: 0 silent (warnings only), 1 steps, 2 details. The file descriptors themselves are
    redirected, because TensorFlow writes to them from C++.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if level != 2 else "0")
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w")
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.close(log)
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr, force=True)
    logging.getLogger("butfor").setLevel(LEVELS[level])
    warnings.simplefilter("default")
    sys.excepthook = _explain
    return terminal


def _explain(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What a user can mend is said in its own words; anything else keeps its traceback."""
    if isinstance(error, StudyError):
        print(f"{kind.__name__}: {error}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
