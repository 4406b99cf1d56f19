"""The schema of a database of runs: made, upgraded or refused before MLflow opens it.

MLflow makes and upgrades SQLite databases in many steps, and a database whose making was interrupted can never be opened
again. Some databases it upgrades silently, and the version that made them no longer opens them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import mlflow
import sqlalchemy
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from mlflow.store.db.utils import _get_alembic_config, _get_latest_schema_revision, _initialize_tables
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from butfor.process.kept_beside_code import kept_beside_code
from butfor.tracking.target import SQLITE, StoreError, redacted

LOCK = int.from_bytes(
    b"butfor"
)  # the number of the lock in PostgreSQL: the same for every butfor, and hardly used by others
DEADLOCK = "40P01"  # PostgreSQL's code: of two transactions that waited for each other, it has ended this one
ATTEMPTS = 5  # at making tables that others read meanwhile
log = logging.getLogger(__name__)


def prepare(uri: str, own: bool) -> None:
    """Give a database the schema that this MLflow expects. A missing SQLite file is made, a study's `own` is upgraded, with a
    copy of the old one beside it, and any other stays as it is. Raises StoreError.
    """
    file = Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None
    if file and not file.exists():
        _make(file)
        return
    received, expected = _revision(uri), _get_latest_schema_revision()
    if received is None and not file:
        _make_tables_once(uri)
    if received in (None, expected):
        return
    if file and own and _is_older(str(received)):
        _upgrade(file, str(received))
    elif own:
        raise StoreError(
            "results/mlflow was made by a newer MLflow. It is a mirror: `make mlflow-rebuild` makes it anew."
        )
    else:
        raise StoreError(
            f"MLFLOW_TRACKING_URI: {redacted(uri)} was made by another version of MLflow (schema {received}, this one"
            f" expects {expected}). Nothing was changed in it. Use the version that made it, or make a copy of the"
            " database and run `mlflow db upgrade`, after which older versions no longer open it."
        )


def _revision(uri: str) -> str | None:
    """The revision of a database's schema; None if MLflow has not written to it yet."""
    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        if not sqlalchemy.inspect(connection).has_table("alembic_version"):
            return None
        revision = connection.execute(sqlalchemy.text("select version_num from alembic_version")).scalar()
    return None if revision is None else str(revision)


def _make_tables_once(uri: str) -> None:
    """Make MLflow's tables in an empty PostgreSQL under a lock: two studies that begin at once would each make half of them."""
    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:  # the lock is held until it is closed
            connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_lock(LOCK)))
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    if _revision(uri) is None:
                        _initialize_tables(engine)
                    return
                except OperationalError as failure:  # a reader of several tables, such as MLflow's pages
                    if attempt == ATTEMPTS or getattr(failure.orig, "pgcode", None) != DEADLOCK:
                        raise


def _is_older(revision: str) -> bool:
    """Whether this MLflow knows a revision, and so can upgrade from it."""
    try:
        return ScriptDirectory.from_config(_get_alembic_config("")).get_revision(revision) is not None
    except CommandError:
        return False


def _upgrade(database: Path, revision: str) -> None:
    backup = database.with_name(f"{database.name}.{revision}")
    try:
        _make(database, start=database, backup=backup)
    except SQLAlchemyError as failure:
        raise StoreError(
            f"{database} was made by an older MLflow and could not be upgraded"
            f" ({str(failure).splitlines()[0]}). It is unchanged. It is a mirror: `make mlflow-rebuild` makes it anew."
        ) from None
    log.info("%s was made by an older MLflow and has been upgraded; the old one is %s", database, backup.name)


def _make(database: Path, start: Path | None = None, backup: Path | None = None) -> None:
    """Make a database of this MLflow's schema, empty or from a copy of `start`, and put it in place when it is complete; the
    file in its place before becomes `backup`.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    new = database.with_name(f"{database.name}.new")
    new.unlink(missing_ok=True)
    if start:  # may be larger than what a temporary folder has room for
        with closing(sqlite3.connect(start)) as old, closing(sqlite3.connect(new)) as copy:
            old.backup(copy)
        _make_tables(new)
    else:
        _copy_empty(new)
    with new.open("rb") as whole:
        os.fsync(whole.fileno())
    if backup:
        os.replace(database, backup)
    for suffix in ("-wal", "-shm"):  # the copy includes their content
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    os.replace(new, database)


def _copy_empty(new: Path) -> None:
    """Copy a database without runs, which is made once for all studies on this machine."""
    cache = kept_beside_code(f"mlflow_{mlflow.__version__}.db")
    if cache and _is_undamaged(cache):
        _copy(cache, new)
        return
    with tempfile.TemporaryDirectory(prefix="butfor-") as folder:
        made = Path(folder) / new.name
        _make_tables(made)
        _copy(made, new)
        if cache:
            _keep(made, cache)


def _is_undamaged(cache: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{cache.as_uri()}?immutable=1", uri=True)) as database:
            made = database.execute("select version_num from alembic_version").fetchone()
            return bool(made and database.execute("pragma quick_check").fetchone() == ("ok",))
    except sqlite3.Error:  # where there is none, too
        return False


def _keep(made: Path, cache: Path) -> None:
    part = cache.with_name(f"{cache.name}.{os.getpid()}")
    with contextlib.suppress(OSError):  # a full disk
        cache.parent.mkdir(exist_ok=True)
        _copy(made, part)
        os.replace(part, cache)


def _copy(made: Path, new: Path) -> None:
    """Copy a database; where the disk is full, leave it as it was."""
    try:
        shutil.copyfile(made, new)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _make_tables(new: Path) -> None:
    """Make MLflow's tables, in 270 transactions, in a database that nobody uses yet: SQLite does not wait for the disk,
    which takes minutes where that is slow.
    """
    engine = sqlalchemy.create_engine(f"{SQLITE}{new}", poolclass=sqlalchemy.pool.NullPool)

    @sqlalchemy.event.listens_for(engine, "connect")
    def hasten(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    _initialize_tables(engine)
    engine.dispose()
