"""Where a study's runs are mirrored: MLFLOW_TRACKING_URI, or a database in the results folder.

Standard library only, because the Snakefile asks.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from butfor.errors import StudyError
from butfor.network_folders import network_type

SQLITE = "sqlite:///"
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
USUAL_DRIVERS = {"postgres": "postgresql+psycopg2", "postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}
SERVERS = ("http", "https", "databricks", "databricks-uc")
SECRETS = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")
SHORTEST = 4  # characters; a shorter secret is hidden in addresses only, since it may be part of any word


class StoreError(StudyError):
    """Runs cannot be mirrored to where they are to go."""


def store(results: Path) -> tuple[str, Path | None]:
    """The tracking URI, and the folder of artifacts if no server keeps them: that of the results, whatever the database,
    so that they move with the study. A database is spelled with its driver and an absolute path.
    """
    folder, given = (results / "mlflow").resolve(), _given()
    if not given:
        return f"{SQLITE}{folder / 'mlflow.db'}", folder / "artifacts"
    if not is_database(given):
        return given, None
    if given.startswith(SQLITE):
        return f"{SQLITE}{Path(given.removeprefix(SQLITE)).resolve()}", folder / "artifacts"
    scheme, _, rest = given.partition("://")
    return f"{USUAL_DRIVERS.get(scheme, scheme)}://{rest}", folder / "artifacts"


def is_database(uri: str) -> bool:
    """Whether a tracking URI names a database, which is opened without a server."""
    return re.match(rf"({'|'.join(DATABASES)}|postgres)(\+\w+)?://", uri) is not None


def is_server(results: Path) -> bool:
    """Whether runs go to a server."""
    return not is_database(store(results)[0])


def is_own(results: Path) -> bool:
    """Whether the store is the results folder's own, a mirror that may be deleted."""
    return not _given() or store(results)[0] == f"{SQLITE}{(results / 'mlflow' / 'mlflow.db').resolve()}"


def check(results: Path) -> None:
    """Raise StoreError if runs could not be mirrored to where they are to go, without opening it."""
    uri, _ = store(results)
    if not is_database(uri):
        if uri.partition(":")[0] not in SERVERS:
            raise StoreError(
                f"MLFLOW_TRACKING_URI: expected a server (https://…) or a database (sqlite:////absolute/path.db,"
                f" postgresql+psycopg2://…), received {redacted(uri)}. MLflow no longer keeps runs in plain folders;"
                " unset it, and they are kept in the results folder."
            )
        return
    driver = urlsplit(uri).scheme.partition("+")[2]
    if driver and importlib.util.find_spec(driver) is None:
        extra = (
            ": it comes with butfor's extra `postgres` (uv pip install '.[postgres]')" if "psycopg2" in driver else ""
        )
        raise StoreError(f"MLFLOW_TRACKING_URI: {redacted(uri)} needs the Python package {driver}{extra}. Install it.")
    if uri.startswith(SQLITE):
        _refuse_network_folders(Path(uri.removeprefix(SQLITE)).parent)


def _refuse_network_folders(folder: Path) -> None:
    kind = network_type(folder)
    if kind:
        raise StoreError(
            f"{folder} is on a network file system ({kind}), where SQLite's locks do not hold and a database of runs"
            " may be damaged. Set MLFLOW_TRACKING_URI to a database on a local disk"
            " (sqlite:////var/tmp/me/mlflow.db) or to a server before starting, or go without MLflow by"
            " `tracking: {mlflow: false}` in the study's file; records and report do not need it."
        )


def mark() -> str:
    """A word that changes when the runs are to go elsewhere; it holds no password, as Snakemake keeps it."""
    given = _given()
    if not given:
        return "results"
    parts = urlsplit(given)
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]


def redacted(text: str) -> str:
    """A text without what lets somebody in: the user's part of addresses, and MLflow's variables of that kind."""
    user = urlsplit(_given()).netloc.rpartition("@")[0]
    secrets = [user, user.partition(":")[2], *(os.environ.get(name, "") for name in SECRETS)]
    for secret in sorted({*secrets, *map(unquote, secrets)}, key=len, reverse=True):
        text = text.replace(secret, "***") if len(secret) >= SHORTEST else text
    return re.sub(r"(password|token)=[^&\s]+", r"\1=***", re.sub(r"//[^/\s]*@", "//***@", text))


def _given() -> str:
    return os.environ.get("MLFLOW_TRACKING_URI", "").strip()
