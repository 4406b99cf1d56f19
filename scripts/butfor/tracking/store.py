"""A study's mirror in MLflow, opened by one writer at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from requests import RequestException
from sqlalchemy.exc import SQLAlchemyError

from butfor.errors import StudyError
from butfor.process.file_locks import ALONE, lock, open_lock
from butfor.process.rare_collection import collect_rarely
from butfor.records.results_folder import LAST_IMPORT, TRACKING_LOCK
from butfor.tracking import schema_version, sqlite, target
from butfor.tracking.experiment import StudyExperiment
from butfor.tracking.mirror import Mirror
from butfor.tracking.tracked_metrics import with_task

Tracking = dict[str, Any]


class TrackingError(StudyError):
    """MLflow could not be written to; nothing is lost, because the records are complete without it."""


@contextmanager
def open_mirror(tracking: Tracking, results: Path, repair: bool = False) -> Iterator[Mirror]:
    """The mirror of a study, locked while it is written: a new MLflow database survives only one writer.

    tracking: see parameters.mirrored. repair: whether to look for damage in the study's own database, which takes time, and to
    have the follower give way, as the last import of a start does.
    Raises TrackingError and StoreError.
    """
    collect_rarely()
    uri, artifacts = target.store(results)
    results.mkdir(parents=True, exist_ok=True)
    try:
        with open_lock(results / LAST_IMPORT) as last, open_lock(results / TRACKING_LOCK) as writing:
            if repair:
                lock(last, ALONE)  # at which the follower ends
            lock(writing, ALONE)
            if repair and target.is_own(results):
                sqlite.set_damaged_aside(Path(uri.removeprefix(target.SQLITE)))
            if artifacts:
                schema_version.prepare(uri, target.is_own(results))
            known = with_task(tracking, results)
            yield Mirror(StudyExperiment(uri, artifacts, known, results), known)
    except (MlflowException, RequestException, SQLAlchemyError, OSError) as failure:
        reason = target.redacted(str(failure))[:300]
        raise TrackingError(
            f"MLflow could not be written to ({reason}). The records are complete without it; run the same"
            " command again once it can be reached."
        ) from None  # its text may hold a password
