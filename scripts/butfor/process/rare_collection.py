"""Garbage collected less often, in a process that makes very many objects which it keeps."""

from __future__ import annotations

import atexit
import gc

THRESHOLDS = 200_000, 20, 100  # Python's own are 700, 10 and 10


def collect_rarely() -> None:
    """Look for garbage in cycles after as many new objects as a process of hundreds of MB can wait for. To look through what
    MLflow's and SQLAlchemy's modules and rows are made of, again and again, took about a tenth of an import into MLflow; through
    the records of twenty thousand runs, a fifth of what judges them."""
    gc.set_threshold(*THRESHOLDS)


def end_without_collection() -> None:
    """Have this process end without a last look for garbage, which the system takes with all else. Of Snakemake's modules that
    took a quarter of a second at the end of each start."""
    atexit.register(gc.freeze)
