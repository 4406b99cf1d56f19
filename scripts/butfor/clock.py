"""Where a run's time went."""

from __future__ import annotations

import time
from typing import Any


class Clock:
    """Seconds per phase of one run, and the times at which its epochs ended."""

    def __init__(self, job: dict[str, float]) -> None:
        self._seconds = dict(job)
        self._started = time.time()
        self._last = time.perf_counter()
        self._epochs: list[float] = []

    def lap(self, phase: str) -> None:
        """Book the time since the last lap under `phase`."""
        now = time.perf_counter()
        self._seconds[phase] = self._seconds.get(phase, 0.0) + now - self._last
        self._last = now

    def move(self, source: str, target: str, seconds: float) -> None:
        """Book some of one phase's seconds under another."""
        self._seconds[source] = self._seconds.get(source, 0.0) - seconds
        self._seconds[target] = self._seconds.get(target, 0.0) + seconds

    def epoch_ended(self) -> None:
        """Note the time at which an epoch ended."""
        self._epochs.append(time.time())

    def timing(self) -> dict[str, Any]:
        """What a record's `timing` holds."""
        return {
            "started": self._started,
            "ended": time.time(),
            "epochs_ended": self._epochs,
            "seconds": {phase: round(value, 4) for phase, value in self._seconds.items()},
        }
