"""The two imports: jobs' records as they end, and the whole study at its end."""

from __future__ import annotations

import fcntl
import json
import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # its thread breaks other requests when it is offline
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # the default blocks a dead server's client for minutes
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")  # seconds

from mlflow.exceptions import MlflowException
from requests import RequestException
from sqlalchemy.exc import SQLAlchemyError

from butfor import tracking_target
from butfor.errors import StudyError
from butfor.live_tracking import Job, ended_jobs
from butfor.record import RecordError, write_atomically
from butfor.tracking import schema_version, sqlite, views
from butfor.tracking.live import LiveRuns
from butfor.tracking.mirror import Mirror
from butfor.tracking_target import StoreError

Tracking = dict[str, Any]
PAUSE = 1.0  # seconds between two looks for jobs that have ended
RETRY = 15.0  # seconds to leave a store alone that could not be written to
log = logging.getLogger(__name__)


class TrackingError(StudyError):
    """MLflow could not be written to; nothing is lost, since the records are the truth."""


def track(tracking: Tracking, runs: list[Path], checks: Path, results: Path, files: list[Path], tracked: Path) -> None:
    """Make MLflow hold the study: a run per record in the folders `runs` and no other, marked by whether it says
    anything, the study's `files` as artifacts of one summary run, and saved views. Writes what was done into `tracked`.

    tracking: see Plan.tracking. checks: checks.json. Raises TrackingError.
    """
    words = {"void": "its arm is void", "failed": "its arm is unproven"}
    outcomes = {row["arm"]: row["outcome"] for row in json.loads(checks.read_text())}
    idle = {arm: words[outcome] for arm, outcome in outcomes.items() if outcome in words}
    with store(tracking, results, mend=True) as mirror:
        done = mirror.put(runs)
        mirror.mark_usable(mirror.remove_others(runs), idle)
        mirror.register()
        mirror.summarise(results, files)
        link = _save_views(mirror, tracking["arms"])
    told = {"target": tracking["target"], "experiment": mirror.experiment, "link": link, "runs": done}
    write_atomically(tracked, json.dumps(told, indent=1))


def _save_views(mirror: Mirror, arms: Iterable[str]) -> str:
    """Save the views and give the link that opens on the first; a plain table's where MLflow does not take them."""
    try:
        mirror.save(views.tags(arms))
    except MlflowException as failure:
        if not 400 <= failure.get_http_status_code() < 500:
            raise
        log.warning("this MLflow does not take saved views, its pages show their usual table: %s", failure)
        return views.plain_link(mirror.experiment)
    return views.link(mirror.experiment)


def follow(
    tracking: Tracking,
    runs: Path,
    results: Path,
    live: bool,
    going: Callable[[], bool],
    known: set[Job] | None = None,
    share: float = math.inf,
) -> None:
    """Mirror the records of each job that ends, trainings that crash, and with `live` long ones epoch by epoch, until nothing
    is `going` any more.

    What cannot be written is tried again after a while, and in the end left to `track`, as are the jobs that are `known`;
    None: those that have ended by now. share: of a processor that this may take, by pausing after each time it has written.
    """
    known = set(ended_jobs(runs, tracking["arms"])) if known is None else known
    shown = LiveRuns(runs, live)
    on, again = True, 0.0
    while on:
        on = going()
        time.sleep(PAUSE if on else 0)
        ready = [
            job for job in ended_jobs(runs, tracking["arms"]) if job not in known and _has_reference(tracking, job[0])
        ]
        news = shown.news() if on else {*shown.news(), *shown.shown()}
        if (on and time.monotonic() < again) or not (ready or news):
            continue
        used = time.process_time()
        try:
            with store(tracking, results) as mirror:
                mirror.put([folder for folder, _ in ready])
                for path in news:
                    shown.tell(mirror, path, last=not on)
        except (TrackingError, StoreError, OSError) as failure:
            log.warning("left for later: %s", failure)
            again = time.monotonic() + RETRY
            continue
        except RecordError as failure:
            log.warning("left to the end of the study: %s", failure)
        known.update(ready)
        again = time.monotonic() + (time.process_time() - used) / share


def _has_reference(tracking: Tracking, folder: Path) -> bool:
    """Whether the reference's records with the same seeds are there, so that a run can hold its difference to them."""
    reference = tracking["arms"][folder.parent.name]["reference"]
    return reference is None or (folder.parents[1] / reference / folder.name).is_dir()


@contextmanager
def store(tracking: Tracking, results: Path, mend: bool = False) -> Iterator[Mirror]:
    """The study's experiment, ours alone while it is written: a fresh MLflow database survives only one writer.

    mend: whether to look for damage in the study's own database, which takes time.
    """
    uri, artifacts = tracking_target.store(results)
    results.mkdir(parents=True, exist_ok=True)
    try:
        with (results / ".tracking.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if mend and tracking_target.is_own(results):
                sqlite.set_damaged_aside(Path(uri.removeprefix(tracking_target.SQLITE)))
            if artifacts:
                schema_version.meet(uri, tracking_target.is_own(results))
            yield Mirror(uri, artifacts, tracking)
    except (MlflowException, RequestException, SQLAlchemyError, OSError) as failure:
        reason = tracking_target.redacted(str(failure))[:300]
        raise TrackingError(
            f"MLflow could not be written to ({reason}). The records are complete without it; run the same"
            " command again once it can be reached."
        ) from None  # whose words may hold a password
