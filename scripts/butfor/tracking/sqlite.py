"""A study's own SQLite database: fast to write to, and replaced if it is damaged."""

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
    """Make the database's folder, and let every connection of this process use a write-ahead log.

    MLflow commits about ten times a run. With SQLite's defaults each commit waits for the disk several times, which is
    most of the time that an import takes. A write-ahead log is as safe (a power cut loses the last commits, which the next
    import notices, and never the database), and MLflow's pages can read while runs are written. On a file system that does
    not support it, SQLite keeps its default.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    if not event.contains(Engine, "connect", _write_ahead):
        event.listen(Engine, "connect", _write_ahead)


def set_damaged_aside(database: Path) -> None:
    """Rename the database if it is damaged, so that a new one is made from the records."""
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(database)) as connection:
            whole = connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.OperationalError:  # in use, or out of reach: not damage
        return
    except sqlite3.DatabaseError:
        whole = False
    if not whole:
        for part in database.parent.glob(f"{database.name}*"):
            part.replace(part.with_name(f"damaged-{part.name}"))
        log.warning("%s was damaged and is made anew from the records; the damaged file is beside it", database)


def _write_ahead(connection: Any, _: Any) -> None:
    if isinstance(connection, sqlite3.Connection):  # the listener hears every engine of the process, PostgreSQL's too
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
