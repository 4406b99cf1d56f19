"""A database of runs that is not there yet, or that another version of MLflow has made.

MLflow makes and upgrades SQLite databases in many steps, and one that was stopped half-way is never opened again; some
it upgrades without a word, after which the version that made them refuses them.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy
from alembic.util import CommandError
from mlflow.store.db.utils import _get_alembic_config, _get_latest_schema_revision, _initialize_tables
from sqlalchemy.exc import SQLAlchemyError

from alembic.script import ScriptDirectory
from butfor.tracking_target import SQLITE, StoreError, redacted

LOCK = int.from_bytes(b"butfor")  # a number that every butfor takes, and hardly anyone else
log = logging.getLogger(__name__)


def meet(uri: str, own: bool) -> None:
    """Have the database's schema be what this MLflow expects: a SQLite file that is not there is made, a study's `own` is
    upgraded, with the old one left beside it, and nobody else's is touched. Raises StoreError.
    """
    file = Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None
    if file and not file.exists():
        _make(file)
        return
    found, expected = _revision(uri), _get_latest_schema_revision()
    if found is None and not file:
        _make_alone(uri)
    if found in (None, expected):
        return
    if file and own and _is_known(str(found)):
        _upgrade(file, str(found))
    elif own:
        raise StoreError(
            "results/mlflow was made by a newer MLflow. It is a mirror: `make mlflow-rebuild` makes it anew."
        )
    else:
        raise StoreError(
            f"MLFLOW_TRACKING_URI: {redacted(uri)} was made by another version of MLflow (schema {found}, this one"
            f" expects {expected}). Nothing was changed in it. Use the version that made it, or make a copy of the"
            " database and run `mlflow db upgrade`, after which older versions no longer open it."
        )


def _revision(uri: str) -> str | None:
    """The database's revision; None if it holds nothing of MLflow's yet."""
    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        if not sqlalchemy.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(sqlalchemy.text("select version_num from alembic_version")).scalar()
    return None if found is None else str(found)


def _make_alone(uri: str) -> None:
    """Make MLflow's tables in an empty PostgreSQL, where two studies that begin at once would each make half of them."""
    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:  # which holds the lock until it is closed
            connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_lock(LOCK)))
            if _revision(uri) is None:
                _initialize_tables(engine)


def _is_known(revision: str) -> bool:
    try:
        return ScriptDirectory.from_config(_get_alembic_config("")).get_revision(revision) is not None
    except CommandError:
        return False


def _upgrade(database: Path, found: str) -> None:
    kept = database.with_name(f"{database.name}.{found}")
    try:
        _make(database, start=database, kept=kept)
    except SQLAlchemyError as failure:
        raise StoreError(
            f"{database} was made by an older MLflow and could not be upgraded"
            f" ({str(failure).splitlines()[0]}). It is as it was. It is a mirror: `make mlflow-rebuild` makes it anew."
        ) from None
    log.info("%s was made by an older MLflow and has been upgraded; as it was, it is in %s", database, kept.name)


def _make(database: Path, start: Path | None = None, kept: Path | None = None) -> None:
    """Make a database of this MLflow's schema from nothing, or from a copy of `start`, and put it in place when it is
    whole; what was in its place is `kept`.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    new = database.with_name(f"{database.name}.new")
    new.unlink(missing_ok=True)
    if start:
        with closing(sqlite3.connect(start)) as old, closing(sqlite3.connect(new)) as copy:
            old.backup(copy)
    engine = sqlalchemy.create_engine(f"{SQLITE}{new}", poolclass=sqlalchemy.pool.NullPool)
    _initialize_tables(engine)
    engine.dispose()
    if kept:
        os.replace(database, kept)
    for rest in ("-wal", "-shm"):  # the copy has what they hold
        Path(f"{database}{rest}").unlink(missing_ok=True)
    os.replace(new, database)
