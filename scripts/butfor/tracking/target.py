"""The MLflow store of a study: the one of MLFLOW_TRACKING_URI, or a database in the results folder.

Standard library only, because the Snakefile imports it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from butfor.errors import StudyError
from butfor.process.file_locks import has_locks_of_bytes
from butfor.records.results_folder import mlflow_artifacts, mlflow_database
from butfor.tracking.network_folders import network_type

SQLITE = "sqlite:///"
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
USUAL_DRIVERS = {"postgres": "postgresql+psycopg2", "postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}
SERVERS = ("http", "https", "databricks", "databricks-uc")
SECRETS = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")
LONGEST_DATABASE = 500  # bytes; SQLite opens paths of at most 512, with the suffix of a journal
UNUSABLE = {"?", '"'}  # begins what follows a path in an address; MLflow puts the path into a statement of SQL
SHORTEST = 4  # characters; a shorter secret is hidden in addresses only, since it may be part of any word


REMEDY = (
    "Set MLFLOW_TRACKING_URI to a database on a local disk (sqlite:////var/tmp/me/mlflow.db) or to a server before starting,"
    " or go without MLflow by `tracking: {mlflow: false}` in the study's file; records and report do not need it."
)


class StoreError(StudyError):
    """A store to which runs cannot be mirrored."""


def store(results: Path) -> tuple[str, Path | None]:
    """The tracking URI, and the folder of artifacts if no server keeps them: one in the results, whatever the database is,
    so that they move with the study. The URI of a database has its driver and an absolute path.
    """
    artifacts, uri = mlflow_artifacts(results).resolve(), _uri_of_user()
    if not uri:
        return _own_uri(results), artifacts
    if not is_database(uri):
        return uri, None
    if uri.startswith(SQLITE):
        return f"{SQLITE}{Path(uri.removeprefix(SQLITE)).resolve()}", artifacts
    scheme, _, rest = uri.partition("://")
    return f"{USUAL_DRIVERS.get(scheme, scheme)}://{rest}", artifacts


def is_database(uri: str) -> bool:
    """Whether a tracking URI names a database, which is opened without a server."""
    return re.match(rf"({'|'.join(DATABASES)}|postgres)(\+\w+)?://", uri) is not None


def is_server(results: Path) -> bool:
    """Whether runs go to a server."""
    return not is_database(store(results)[0])


def is_own(results: Path) -> bool:
    """Whether the store is the results folder's own, a mirror that may be deleted."""
    return store(results)[0] == _own_uri(results)


def check(results: Path) -> None:
    """Raise StoreError if runs cannot be mirrored to the study's store; the store is not opened."""
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
        remedy = "`make postgres` installs it" if driver == "psycopg2" else "Install it"
        raise StoreError(f"MLFLOW_TRACKING_URI: {redacted(uri)} needs the Python package {driver}. {remedy}.")
    if is_own(results):
        _refuse_unusable_path(mlflow_database(results).resolve())
    if uri.startswith(SQLITE):
        _refuse_network_folders(Path(uri.removeprefix(SQLITE)).parent)


def refuse_missing_locks(results: Path) -> None:
    """Raise StoreError if the study's store is a database in a folder whose file system has no locks; makes the folder."""
    uri, _ = store(results)
    if uri.startswith(SQLITE):
        folder = Path(uri.removeprefix(SQLITE)).parent
        folder.mkdir(parents=True, exist_ok=True)
        if not has_locks_of_bytes(folder):
            raise StoreError(
                f"{folder} is on a file system without locks, and SQLite opens no database of runs there. {REMEDY}"
            )


def _refuse_unusable_path(database: Path) -> None:
    size = len(os.fsencode(database))
    if size > LONGEST_DATABASE or UNUSABLE & set(str(database)):
        raise StoreError(
            f"results: expected a folder where a database of MLflow's can lie: its whole path of at most {LONGEST_DATABASE}"
            f' bytes, without ? and ", received {size} bytes, {database}. Choose another folder, or go without MLflow by'
            " `tracking: {mlflow: false}` in the study's file."
        )


def _refuse_network_folders(folder: Path) -> None:
    file_system = network_type(folder)
    if file_system:
        raise StoreError(
            f"{folder} is on a network file system ({file_system}), where SQLite's locks do not hold and a database of runs"
            f" may be damaged. {REMEDY}"
        )


def mark() -> str:
    """A text that stands for the store and differs between stores; without passwords, because Snakemake stores it."""
    uri = _uri_of_user()
    if not uri:
        return "results"
    parts = urlsplit(uri)
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]


def redacted(text: str) -> str:
    """A text without credentials: without the user and password in addresses and the secrets in MLflow's variables."""
    user = urlsplit(_uri_of_user()).netloc.rpartition("@")[0]
    secrets = [user, user.partition(":")[2], *(os.environ.get(name, "") for name in SECRETS)]
    for secret in sorted({*secrets, *map(unquote, secrets)}, key=len, reverse=True):
        text = text.replace(secret, "***") if len(secret) >= SHORTEST else text
    return re.sub(r"(password|token)=[^&\s]+", r"\1=***", re.sub(r"//[^/\s]*@", "//***@", text))


def _own_uri(results: Path) -> str:
    return f"{SQLITE}{mlflow_database(results).resolve()}"


def _uri_of_user() -> str:
    return os.environ.get("MLFLOW_TRACKING_URI", "").strip()
