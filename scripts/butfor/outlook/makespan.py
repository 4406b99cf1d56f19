"""How long jobs take side by side on so many cores, look by look."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

BETWEEN_LOOKS = 4.5  # seconds, measured: the judging of a look, and Snakemake's planning of the next
AROUND, AROUND_EACH_ARM = 12.0, 0.8  # seconds, measured: the start, then checks, figures and the report


def makespan(looks: Iterable[Sequence[float]], side_by_side: int) -> float:
    """The seconds that the jobs of some looks take, each look after the one before it, so many jobs at a time."""
    times = [_look(jobs, side_by_side) for jobs in looks if jobs]
    return sum(times) + BETWEEN_LOOKS * max(0, len(times) - 1)


def around(arms: int) -> float:
    """The seconds of a start before its first training and after its last."""
    return AROUND + AROUND_EACH_ARM * arms


def _look(jobs: Sequence[float], side_by_side: int) -> float:
    free = [0.0] * max(1, side_by_side)
    for job in jobs:
        heapq.heapreplace(free, free[0] + job)
    return max(free)
