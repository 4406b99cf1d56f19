"""A watch on the machine's clock while a start is at work: where it is put back, files in the results folder are dated back too.

Snakemake refuses an output that is older than its input, and would train it again. Standard library only.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from butfor.workflow import recovery

PAUSE = 0.5  # seconds between two looks
LEAST = 0.02  # seconds; less is the time between the readings of two clocks


def watch(results: Path) -> None:
    """Watch from now on until this process ends."""
    threading.Thread(target=_watch, args=(results,), daemon=True).start()


def _watch(results: Path) -> None:
    before = ahead()
    while True:
        time.sleep(PAUSE)
        before = follow(results, before)


def follow(results: Path, before: float) -> float:
    """Date files back if the clock was put back since it was `before` seconds ahead; how far ahead it is now."""
    now = ahead()
    if now < before - LEAST:
        for message in recovery.date_back(results):
            print(message, file=sys.stderr)
    return now


def ahead() -> float:
    """The seconds by which the machine's clock is ahead of one that nobody can set."""
    return time.time() - time.monotonic()
