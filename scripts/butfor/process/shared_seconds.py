"""The seconds that runs spend together, each with its share of them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from butfor.process.clock import Clock


class SharedSeconds:
    """Divides the time that passes among the clocks of those runs that it was spent on."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def book(self, phase: str, clocks: Sequence[Clock]) -> float:
        """Book the time since the last booking under a phase, in equal parts; all of it, in seconds."""
        now = time.perf_counter()
        passed, self._last = now - self._last, now
        for clock in clocks:
            clock.book(phase, passed / len(clocks))
        return passed

    def skip(self) -> None:
        """Leave out the time since the last booking: it was spent on none of them."""
        self._last = time.perf_counter()
