"""How long the epochs of a job take."""

from __future__ import annotations

import statistics


class Pace:
    """The seconds of each epoch that a job has trained; the first holds the compilation."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def left(self, epochs: int) -> float | None:
        """The seconds that so many more epochs will take; not known after the first, most of which may be compilation."""
        return epochs * statistics.median(self.seconds[1:]) if len(self.seconds) > 1 else None

    def compilation(self, epochs: int) -> float | None:
        """The seconds that compiling took, if these `epochs`, two or more, are all that the job has trained."""
        return self.seconds[0] - min(self.seconds) if len(self.seconds) == epochs > 1 else None
