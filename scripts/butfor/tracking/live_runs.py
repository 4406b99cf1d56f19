"""Trainings under way, shown in MLflow epoch by epoch from their progress files.

The import of a record completes the run that showed its training. Both send the same points, to the millisecond, so that
MLflow stores each once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from butfor.process import progress
from butfor.records.results_folder import progress_below, trained_by
from butfor.tracking import run_content
from butfor.tracking.live_run_writing import LiveRunWriter
from butfor.tracking.run_content import Line
from butfor.tracking.run_files import job_log

LONG = 10.0  # seconds after which a training is worth showing before it ends


@dataclass
class LiveRun:
    """A run that is open in MLflow: its id there, when its training started, and the number of lines that were sent."""

    run_id: str
    started: float
    sent: int


class LiveRuns:
    """The trainings under way below the folder `runs`, and how much of each MLflow holds; without `live`, only those that
    crash.
    """

    def __init__(self, runs: Path, live: bool) -> None:
        self._runs, self._live = runs, live
        self._open: dict[Path, LiveRun] = {}
        self._ended: set[tuple[Path, float]] = set()

    def changed_files(self) -> list[Path]:
        """The progress files of long trainings that have lines to be sent, or that are gone."""
        gone = [path for path in self._open if not path.exists()]
        return gone + [path for path in progress_below(self._runs) if self._has_changed(path, progress.read(path))]

    def open_files(self) -> list[Path]:
        """The progress files of the runs that are open in MLflow."""
        return list(self._open)

    def send(self, writer: LiveRunWriter, path: Path, last: bool = False) -> None:
        """Send the new lines of a progress file, and end its run if the training is over, or if this is the `last` time."""
        lines = progress.read(path)
        run = self._open.get(path)
        if run and not lines:
            writer.end(run.run_id, "FINISHED", max(run.started, time.time()))  # the clock may be put back
            del self._open[path]
        if not lines:
            return
        header, over = lines[0], progress.is_over(lines)
        if run is None or run.started != header["started"]:
            run = self._opened(writer, path, lines)
            if run is None:
                self._ended.add((path, header["started"]))
                return
        writer.send(run.run_id, lines[run.sent :])
        run.sent = len(lines)
        if over or last:
            status, ended = _end(lines)
            artifacts = job_log(trained_by(path, header["look"]).runs)
            tags = run_content.tags_when_broken_off(header, status, _epochs(lines))
            writer.end(run.run_id, status, ended, tags, artifacts)
            self._ended.add((path, header["started"]))
            del self._open[path]

    def _opened(self, writer: LiveRunWriter, path: Path, lines: list[Line]) -> LiveRun | None:
        """The run of a training that was not open yet; None for one that is over and has nothing to show: it was killed
        before it was shown, or crashed where a record holds the seed.
        """
        header = lines[0]
        run_id = writer.run_of(header) if progress.is_over(lines) else writer.begin(header)
        if run_id is None and _has_crashed(lines) and not writer.has_record(header):
            run_id = writer.begin(header)
        if run_id is None:
            return None
        self._open[path] = LiveRun(run_id, header["started"], sent=1)
        return self._open[path]

    def _has_changed(self, path: Path, lines: list[Line]) -> bool:
        if not lines or (path, lines[0]["started"]) in self._ended:
            return False
        run = self._open.get(path)
        unsent = run is None or run.started != lines[0]["started"] or len(lines) > run.sent
        worth_showing = _has_crashed(lines) or (self._live and time.time() - lines[0]["started"] > LONG)
        return worth_showing and (unsent or progress.is_over(lines))


def _has_crashed(lines: list[Line]) -> bool:
    return lines[-1].get("ended_as") == "FAILED"


def _end(lines: list[Line]) -> tuple[str, float]:
    """The status with which a training ended, and when; one that ended without a last line was killed."""
    last = lines[-1]
    ended = next(last[key] for key in ("at", "ended", "started") if key in last)
    return last.get("ended_as", "KILLED"), max(ended, lines[0]["started"])


def _epochs(lines: list[Line]) -> int:
    return sum("epoch" in line for line in lines)
