"""The imports of jobs' records into MLflow as the jobs end, and of trainings under way."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path

from butfor.records.record import RecordError
from butfor.records.results_folder import Job, JobPlace, ended_jobs
from butfor.tracking.live_runs import LiveRuns
from butfor.tracking.mirror import Mirror
from butfor.tracking.store import Tracking, TrackingError, open_mirror
from butfor.tracking.target import StoreError

PAUSE = 1.0  # seconds between two looks for jobs that have ended
RETRY = 15.0  # seconds until the next attempt at a store that could not be written to
log = logging.getLogger(__name__)


def follow(
    tracking: Tracking,
    runs: Path,
    results: Path,
    live: bool,
    is_running: Callable[[], bool],
    imported: set[Job] | None = None,
    share: float = math.inf,
    is_tracked: Callable[[], bool] = lambda: False,
) -> None:
    """Import the records of each job that ends, trainings that crash and, with `live`, long trainings epoch by epoch, until
    the study `is_running` no more.

    What cannot be written is tried again after a while, and in the end left to `track`. imported: jobs that are left to
    `track` from the beginning; None: those that have ended by now. share: the share of a processor that this may use, by
    pausing after each time it has written. is_tracked: whether `track` has brought everything up to date; asked when the study
    runs no more, since nobody waits any longer for what this would write with what the trainings leave of the processors.
    """
    imported = set(ended_jobs(runs, tracking["arms"])) if imported is None else imported
    live_runs = LiveRuns(runs, live)
    running, next_time = True, 0.0
    while running:
        running = is_running()
        if not running and is_tracked():
            return
        time.sleep(PAUSE if running else 0)
        ended = [job for job in ended_jobs(runs, tracking["arms"]) if job not in imported]
        ready = [job for job in ended if _has_reference(tracking, job[0])]
        changed = live_runs.changed_files()
        if not running:
            changed = list({*changed, *live_runs.open_files()})
        if (running and time.monotonic() < next_time) or not (ready or changed):
            continue
        start = time.process_time()
        try:
            with open_mirror(tracking, results) as mirror:
                _import(mirror, [folder for folder, _ in ready], live_runs, changed, last=not running)
        except (TrackingError, StoreError, OSError) as failure:
            log.warning("not written, to be tried again: %s", failure)
            next_time = time.monotonic() + RETRY
            continue
        imported.update(ready)
        next_time = time.monotonic() + (time.process_time() - start) / share


def import_ended(tracking: Tracking, results: Path, folders: list[Path]) -> bool:
    """Import the records in the folders, of jobs that have ended, once; whether all are in MLflow now. What cannot be written is
    left to `track`."""
    ready = [folder for folder in folders if _has_reference(tracking, folder)]
    try:
        with open_mirror(tracking, results) as mirror:
            mirror.put(ready)
    except (TrackingError, StoreError, RecordError, OSError) as failure:
        log.warning("not written, left to the end of the study: %s", failure)
        return False
    return len(ready) == len(folders)


def _import(mirror: Mirror, folders: list[Path], live_runs: LiveRuns, changed: list[Path], last: bool) -> None:
    """Import the records in the folders, and send the changed progress files."""
    try:
        mirror.put(folders)
        for path in changed:
            live_runs.send(mirror.live, path, last)
    except RecordError as failure:
        log.warning("not written, left to the end of the study: %s", failure)


def _has_reference(tracking: Tracking, folder: Path) -> bool:
    """Whether the reference's records with the same seeds are there, so that a run can hold its difference to them."""
    job = JobPlace(folder)
    reference = tracking["arms"][job.arm]["reference"]
    return reference is None or job.of_arm(reference).runs.is_dir()
