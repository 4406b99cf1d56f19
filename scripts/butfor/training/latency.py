"""How long something takes that is done again and again, such as a prediction."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

WARM_UP, REPEATS, SECONDS = 5, 200, 2.0


def latency(once: Callable[[], object]) -> list[float]:
    """Milliseconds that `once` takes: the median and the 95th percentile of up to 200 after 5 that warm up, in 2 s."""

    def milliseconds() -> float:
        began = time.perf_counter()
        once()
        return 1000 * (time.perf_counter() - began)

    for _ in range(WARM_UP):
        once()
    times, ended = [milliseconds()], time.perf_counter() + SECONDS
    while len(times) < REPEATS and time.perf_counter() < ended:
        times.append(milliseconds())
    return [float(np.median(times)), float(np.quantile(times, 0.95))]
