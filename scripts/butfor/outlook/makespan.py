"""How long jobs take side by side on so many cores, look by look."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

from butfor.forks.interpreter import are_forks_wanted

# Seconds of the judging of a look, and of Snakemake's planning of the next, beside what any job takes to begin: from the last
# run's end to the next one's begin, 0.45 to 1.02 (median of 4 looks of 4 to 21 small arms, on two cores, 2026-11-28: 0.53), of
# which a job's start is 0.3 to 0.6; without forks 2.8, of which it is 2.6.
BETWEEN_LOOKS = 0.2
# Seconds of the start, and of checks, verdicts, figures and the report: with what jobs take, they make up what starts took on two
# idle cores on 2026-11-28 (docs/benchmarks.md), which is 13 to 15 for config/tiny.yaml, 44 for 4 arms of the example study by 3
# seeds, and 281 for its 21 arms by 5; less the 1.8 s that starts have not taken since then (the same page).
AROUND, AROUND_EACH_ARM = 8.2, 0.3
INTERPRETERS = (
    4.0  # more where no job begins as a fork: what of 13.6 processor seconds of config/tiny.yaml trains nothing
)


def makespan(looks: Iterable[Sequence[float]], side_by_side: int) -> float:
    """The seconds that the jobs of some looks take, each look after the one before it, so many jobs at a time."""
    times = [_look(jobs, side_by_side) for jobs in looks if jobs]
    return sum(times) + BETWEEN_LOOKS * max(0, len(times) - 1)


def around(arms: int) -> float:
    """The seconds of a start before its first training and after its last."""
    return AROUND + AROUND_EACH_ARM * arms + (0.0 if are_forks_wanted() else INTERPRETERS)


def _look(jobs: Sequence[float], side_by_side: int) -> float:
    free = [0.0] * max(1, side_by_side)
    for job in jobs:
        heapq.heapreplace(free, free[0] + job)
    return max(free)
