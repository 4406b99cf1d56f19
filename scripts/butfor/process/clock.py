"""Where a run's time went."""

from __future__ import annotations

import time
from typing import Any


class Clock:
    """Seconds per phase of one run, and when its epochs ended and how busy the machine was."""

    def __init__(self, job: dict[str, float]) -> None:
        self._seconds = dict(job)
        self._started = time.time()
        self._last = time.perf_counter()
        self._epochs: list[float] = []
        self._loads: list[dict[str, float]] = []

    def lap(self, phase: str) -> None:
        """Book the time since the last lap under `phase`."""
        now = time.perf_counter()
        self._seconds[phase] = self._seconds.get(phase, 0.0) + now - self._last
        self._last = now

    def move(self, source: str, target: str, seconds: float) -> None:
        """Book some of one phase's seconds under another."""
        self._seconds[source] = self._seconds.get(source, 0.0) - seconds
        self._seconds[target] = self._seconds.get(target, 0.0) + seconds

    def epoch_ended(self, load: dict[str, float]) -> None:
        """Note the time at which an epoch ended, and the machine's load."""
        self._epochs.append(time.time())
        self._loads.append(load)

    def epoch(self, place: int) -> dict[str, Any]:
        """When an epoch `ended`, and the machine's `load` then."""
        return {"ended": self._epochs[place], "load": self._loads[place]}

    @property
    def started(self) -> float:
        """When the run started, seconds since 1970."""
        return self._started

    def resume(self, timing: dict[str, Any]) -> None:
        """Take over the `timing` of the part of the run that was cut off."""
        self._started, self._epochs, self._loads = (timing[key] for key in ("started", "epochs_ended", "loads"))
        for phase, seconds in timing["seconds"].items():
            self._seconds[phase] = self._seconds.get(phase, 0.0) + seconds

    def timing(self) -> dict[str, Any]:
        """What a record's `timing` holds."""
        return {
            "started": self._started,
            "ended": time.time(),
            "epochs_ended": self._epochs,
            "loads": self._loads,
            "seconds": {phase: round(value, 4) for phase, value in self._seconds.items()},
        }
