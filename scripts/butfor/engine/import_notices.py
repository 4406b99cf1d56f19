"""What TensorFlow's libraries write into the error output while they are imported, without the notices that tell nothing of
the study."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

NOTICE = re.compile(rb"I\d{4} |WARNING: All log messages before absl|To enable the following instructions: ")
LONGEST = 5.0  # seconds to wait for the last lines


@contextmanager
def without_notices() -> Iterator[None]:
    """A context whose error output passes on line by line, but for notices."""
    sys.stderr.flush()
    kept = os.dup(2)
    read, write = os.pipe()
    os.dup2(write, 2)
    os.close(write)
    passing = threading.Thread(target=_pass_on, args=(read, kept), daemon=True)
    passing.start()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)  # which closes the last end that writes
        passing.join(LONGEST)
        os.close(kept)


def _pass_on(read: int, kept: int) -> None:
    with os.fdopen(read, "rb") as lines:
        for line in lines:
            if not NOTICE.match(line):
                os.write(kept, line)
