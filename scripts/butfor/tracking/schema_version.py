"""A database of runs that another version of MLflow has made.

MLflow upgrades some without a word, after which the version that made them no longer opens them, and refuses others.
"""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import sqlalchemy
from alembic.util import CommandError
from mlflow.store.db.utils import _get_alembic_config, _get_latest_schema_revision

from alembic.script import ScriptDirectory
from butfor.tracking_target import SQLITE, StoreError, redacted

log = logging.getLogger(__name__)


def meet(uri: str, own: bool) -> None:
    """Have the database's schema be what this MLflow expects, if there is one yet: a study's `own` is upgraded, with a
    copy of it left beside it; nobody else's is touched. Raises StoreError.
    """
    found, expected = _revision(uri), _get_latest_schema_revision()
    if found in (None, expected):
        return
    if own and _is_known(str(found)):
        _upgrade(uri, str(found))
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
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).exists():
        return None
    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        if not sqlalchemy.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(sqlalchemy.text("select version_num from alembic_version")).scalar()
    return None if found is None else str(found)


def _is_known(revision: str) -> bool:
    try:
        return ScriptDirectory.from_config(_get_alembic_config("")).get_revision(revision) is not None
    except CommandError:
        return False


def _upgrade(uri: str, found: str) -> None:
    database = Path(uri.removeprefix(SQLITE))
    copy = database.with_name(f"{database.name}.{found}")
    with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
    command = [sys.executable, "-m", "mlflow", "db", "upgrade", uri]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StoreError(
            f"{database} was made by an older MLflow and could not be upgraded ({done.stderr.strip()[-200:]})."
            f" As it was, it is in {copy.name}. It is a mirror: `make mlflow-rebuild` makes it anew."
        )
    log.info("%s was made by an older MLflow and has been upgraded; as it was, it is in %s", database, copy.name)
