"""The two imports: a job's records as soon as it has ended, and the study's report and views at its end."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # its thread breaks other requests when it is offline
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # the default blocks a dead server's client for minutes

from mlflow.exceptions import MlflowException
from requests import RequestException

from butfor import tracking_target
from butfor.errors import StudyError
from butfor.record import read, write_atomically
from butfor.tracking import views
from butfor.tracking.mirror import Mirror


class TrackingError(StudyError):
    """MLflow could not be written to; nothing is lost, since the records are the truth."""


def track(tracking: dict[str, Any], runs: Path, reference: Path | None, results: Path, tracked: Path) -> None:
    """Mirror the records in the folder `runs` and note what was done in the file `tracked`.

    tracking: `experiment` (the study's name), `question`, `family`, `reference`, and `varying` (the recipe keys that
    are logged as parameters). reference: the folder of the reference's records for the same seeds. Raises TrackingError.
    """
    with _store(tracking, results) as mirror:
        done = {}
        for path in sorted(runs.glob("seed_*.json")):
            other = reference / path.name if reference else None
            done[path.stem] = mirror.put(path, read(other) if other and other.exists() else None)
        mirror.remove_others(runs)
    write_atomically(tracked, json.dumps(done, indent=1))


def publish(
    tracking: dict[str, Any], runs: list[Path], checks: Path, results: Path, files: list[Path], published: Path
) -> None:
    """Keep the study's `files` as artifacts of one summary run, save the views, mark the runs that say nothing, and
    delete runs that the study no longer has; then write the link to the first view into the file `published`.

    tracking: `experiment` and `question`. runs: the folders of all the study's records. Raises TrackingError.
    """
    void = [row["arm"] for row in json.loads(checks.read_text()) if row["outcome"] in ("void", "failed")]
    with _store(tracking, results) as mirror:
        mirror.remove_vanished(runs)
        mirror.mark_usable(void)
        mirror.summarise(results, files)
        mirror.save(views.tags())
        link = views.link(mirror.experiment)
    write_atomically(published, json.dumps({"experiment": mirror.experiment, "link": link}, indent=1))


@contextmanager
def _store(tracking: dict[str, Any], results: Path) -> Iterator[Mirror]:
    """The study's experiment, ours alone while it is written: a fresh MLflow database survives only one writer."""
    uri, artifacts = tracking_target.store(results)
    results.mkdir(parents=True, exist_ok=True)
    try:
        with (results / ".tracking.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Mirror(uri, artifacts, tracking)
    except (MlflowException, RequestException, OSError) as failure:
        reason = re.sub(r"//[^/@\s]*@", "//", str(failure))[:300]
        raise TrackingError(
            f"MLflow could not be written to ({reason}). The records are complete without it; run the same"
            " command again once it can be reached."
        ) from failure
