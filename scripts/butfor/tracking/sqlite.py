"""A study's own SQLite store, made quick to write to."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

log = logging.getLogger(__name__)


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


def set_damaged_aside(database: Path) -> None:
    """Rename the database if it is damaged, so that a new one is made: it is a mirror."""
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(database)) as store:
            whole = store.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.OperationalError:  # in use, or out of reach: not damage
        return
    except sqlite3.DatabaseError:
        whole = False
    if not whole:
        for part in database.parent.glob(f"{database.name}*"):
            part.replace(part.with_name(f"damaged-{part.name}"))
        log.warning("%s was damaged and is made anew from the records; as it was, it is beside it", database)


def _write_ahead(connection: Any, _: Any) -> None:
    if isinstance(connection, sqlite3.Connection):  # of every engine in the process, PostgreSQL's too
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
