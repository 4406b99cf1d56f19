"""MLflow's pages over a study's own store, on loopback only."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from butfor import tracking_target
from butfor.errors import StudyError

USUAL_PORT = 5000


def serve(results: Path) -> None:
    """Become an MLflow server for the study's store, after printing the link that opens on its runs.

    Replaces this process. Raises StudyError if there is no store yet, or if the runs went to a server of the user's.
    """
    uri, artifacts = tracking_target.store(results)
    if artifacts is None:
        raise SystemExit("MLFLOW_TRACKING_URI is set: the runs are on that server, open it in your browser.")
    database = Path(uri.removeprefix("sqlite:///"))
    if not database.exists():
        raise SystemExit(f"There is no {database} yet: run the study first.")
    port = free_port()
    print(f"http://127.0.0.1:{port}{first_page(results, database)}")
    print(f"(loopback only; from elsewhere: ssh -L {port}:127.0.0.1:{port} this-host; stop with Ctrl-C)", flush=True)
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false")
    hosts = "localhost:*,127.0.0.1:*"
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--allowed-hosts", hosts]
    stores = ["--backend-store-uri", uri, "--artifacts-destination", str(artifacts)]
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", "server", *stores, *options])


def free_port() -> int:
    """MLflow's usual port if nobody listens there, else any free one."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StudyError("No free port on 127.0.0.1.")


def first_page(results: Path, database: Path) -> str:
    """The view that was saved when the study ended; before that, the plain table of its runs."""
    tracked = results / "tracked.json"
    if tracked.exists():
        return str(json.loads(tracked.read_text())["link"])
    return f"/#/experiments/{latest_experiment(database)}/runs?workflowType=machine_learning"


def latest_experiment(database: Path) -> str:
    """The experiment of the store that was changed last."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as store:
        found = store.execute(
            "select experiment_id from experiments where lifecycle_stage = 'active' order by last_update_time desc"
        ).fetchone()
    return str(found[0]) if found else "0"
