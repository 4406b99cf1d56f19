"""Runs that are still training, shown epoch by epoch from what their trainings say.

A run begun here is completed in place by the import of its record, whose points are the same to the millisecond, so
that MLflow stores each once.
"""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from pathlib import Path

from butfor import progress
from butfor.orphan import is_alive
from butfor.tracking import content
from butfor.tracking.content import Line
from butfor.tracking.files import log_of
from butfor.tracking.mirror import Mirror

LONG = 10.0  # seconds after which a training is worth showing before it ends


@dataclass
class Shown:
    """A run that MLflow holds as running: its id there, when its training started, the lines that were sent."""

    run_id: str
    started: float
    sent: int


class LiveRuns:
    """The trainings under way below the folder `runs`, and how much of each MLflow has been told; without `live`, only of
    those that crash.
    """

    def __init__(self, runs: Path, live: bool) -> None:
        self._runs, self._live = runs, live
        self._shown: dict[Path, Shown] = {}
        self._ended: set[tuple[Path, float]] = set()

    def news(self) -> list[Path]:
        """The files of long trainings that have something to be told, or are gone."""
        gone = [path for path in self._shown if not path.exists()]
        there = self._runs.glob(f"*/.unfinished/*/*{progress.SUFFIX}")
        return gone + [path for path in sorted(there) if self._is_news(path, progress.read(path))]

    def shown(self) -> list[Path]:
        """The files of the runs that MLflow holds as running."""
        return list(self._shown)

    def tell(self, mirror: Mirror, path: Path, last: bool = False) -> None:
        """Send what is new of a training, and end its run if the training is over, or this is the `last` time."""
        lines = progress.read(path)
        shown = self._shown.get(path)
        if shown and not lines:
            mirror.end(shown.run_id, "FINISHED", time.time())
            del self._shown[path]
        if not lines:
            return
        about, over = lines[0], _over(lines)
        if shown is None or shown.started != about["started"]:
            run_id = mirror.begun(about) if over else mirror.begin(about)
            if run_id is None and _crashed(lines) and not mirror.holds_record(about):
                run_id = mirror.begin(about)
            if run_id is None:
                self._ended.add((path, about["started"]))
                return
            shown = self._shown[path] = Shown(run_id, about["started"], sent=1)
        mirror.send(shown.run_id, lines[shown.sent :])
        shown.sent = len(lines)
        if over or last:
            status, at = _end(lines)
            kept = list(log_of(path.parents[2] / about["look"]))
            mirror.end(shown.run_id, status, at, content.tags_when_broken_off(about, status, _epochs(lines)), kept)
            self._ended.add((path, about["started"]))
            del self._shown[path]

    def _is_news(self, path: Path, lines: list[Line]) -> bool:
        if not lines or (path, lines[0]["started"]) in self._ended:
            return False
        shown = self._shown.get(path)
        fresh = shown is None or shown.started != lines[0]["started"] or len(lines) > shown.sent
        worth_it = _crashed(lines) or (self._live and time.time() - lines[0]["started"] > LONG)
        return worth_it and (fresh or _over(lines))


def _over(lines: list[Line]) -> bool:
    """Whether the training has said that it ends, or its process is gone from this machine."""
    here = lines[0]["host"] == platform.node()
    return "ended_as" in lines[-1] or (here and not is_alive(lines[0]["process"]))


def _crashed(lines: list[Line]) -> bool:
    return lines[-1].get("ended_as") == "FAILED"


def _end(lines: list[Line]) -> tuple[str, float]:
    """As what and when a training ended; one that was ended without a word was killed."""
    last = lines[-1]
    moment = next(last[key] for key in ("at", "ended", "started") if key in last)
    return last.get("ended_as", "KILLED"), moment


def _epochs(lines: list[Line]) -> int:
    return sum("epoch" in line for line in lines)
