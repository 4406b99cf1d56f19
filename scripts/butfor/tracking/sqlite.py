"""A study's own SQLite store, made quick to write to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


def prepare(database: Path) -> None:
    """Make the database's folder, and every connection of this process one that writes ahead.

    MLflow commits about ten times a run and as SQLite is by default each waits for the disk several times, for most of
    the time an import takes. A log written ahead is as safe (a power cut loses the last commits, which the next import
    notices, and never the database), and MLflow's pages can read while runs are written. Where a file system cannot
    do it, SQLite stays as it was.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    if not event.contains(Engine, "connect", _write_ahead):
        event.listen(Engine, "connect", _write_ahead)


def _write_ahead(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
