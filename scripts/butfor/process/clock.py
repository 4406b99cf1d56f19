"""Where a run's time went.

Times are those of the machine's clock when the run began, and go on by one that nobody can set: no epoch ends before it has
begun, where the clock is put back, nor lasts an hour longer where it is put forward. That the machine slept counts.
"""

from __future__ import annotations

import time
from typing import Any


def unsettable() -> float:
    """Seconds by a clock that nobody can set, and that goes on while the machine sleeps, where the system has one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Clock:
    """Seconds per phase of one run, and when its epochs ended and how busy the machine was."""

    def __init__(self, job: dict[str, float]) -> None:
        self._seconds = dict(job)
        self._started = time.time()
        self._ahead = self._started - unsettable()
        self._last = time.perf_counter()
        self._epochs: list[float] = []
        self._loads: list[dict[str, float]] = []

    def lap(self, phase: str) -> None:
        """Book the time since the last lap under `phase`."""
        now = time.perf_counter()
        self.book(phase, now - self._last)
        self._last = now

    def book(self, phase: str, seconds: float) -> None:
        """Add seconds to those of a phase."""
        self._seconds[phase] = self._seconds.get(phase, 0.0) + seconds

    def move(self, source: str, target: str, seconds: float) -> None:
        """Book some of one phase's seconds under another."""
        self.book(source, -seconds)
        self.book(target, seconds)

    def epoch_ended(self, load: dict[str, float]) -> None:
        """Note the time at which an epoch ended, and the machine's load."""
        self._epochs.append(self._now())
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
        self._ahead += max(
            0.0, max([self._started, *self._epochs]) - self._now()
        )  # where the clock was put back meanwhile
        for phase, seconds in timing["seconds"].items():
            self.book(phase, seconds)

    def _now(self) -> float:
        return self._ahead + unsettable()

    def timing(self) -> dict[str, Any]:
        """What a record's `timing` holds."""
        return {
            "started": self._started,
            "ended": self._now(),
            "epochs_ended": self._epochs,
            "loads": self._loads,
            "seconds": {phase: round(value, 4) for phase, value in self._seconds.items()},
        }
