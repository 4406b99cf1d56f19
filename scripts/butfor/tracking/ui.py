"""MLflow's pages of a study's own store, on loopback only."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType

import psutil

from butfor.errors import StudyError
from butfor.records.results_folder import TRACKED
from butfor.tracking import target, views
from butfor.tracking.target import SQLITE

HOST = "127.0.0.1"
NAME = "butfor.localhost"  # the same to browsers; at HOST, MLflow opens a chat that hides a quarter of a first visitor's page
USUAL_PORT = 5000
PATIENCE = 10.0  # seconds within which a server must end after a signal
SERVER_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_SERVER_ALLOWED_HOSTS": f"localhost:*,{HOST}:*,{NAME}:*",  # MLflow's default allows any name that begins with 10.
    "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": f"http://{NAME}:*",
}

DELETED = (
    "The study's experiment was deleted in MLflow's pages. `snakemake track --forcerun track --cores 1`, with the study's usual"
    " options, brings it back with all that was written there."
)


def serve(results: Path) -> None:
    """Show MLflow's pages of the study's store until Ctrl-C, after printing the link to its runs.

    Ends the process: with exit code 0 after a signal, with a message if there is nothing to show.
    """
    uri, artifacts = target.store(results)
    if artifacts is None:
        print(f"The runs are on your server: {target.redacted(uri).rstrip('/')}{first_page(results, uri)}")
        return
    try:
        target.check(results)
        prepare_store(results, uri)
        raise SystemExit(run(command, {**SERVER_SETTINGS, **stores(uri, artifacts)}, first_page(results, uri)))
    except StudyError as error:
        raise SystemExit(str(error)) from None


def prepare_store(results: Path, uri: str) -> None:
    """Upgrade the study's store if an older MLflow made it. Raises StudyError if there is none, or if this MLflow cannot open
    it.
    """
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).exists():
        raise StudyError(
            f"There is no {uri.removeprefix(SQLITE)} yet: run the study first, or name its results folder, as in butfor ui"
            " results/mine (make ui RESULTS=results/mine)."
        )
    from butfor.tracking import schema_version

    schema_version.prepare(uri, target.is_own(results))


def stores(uri: str, artifacts: Path) -> dict[str, str]:
    """The variables that tell MLflow's server where runs and artifacts are. Not options: everyone on the machine can read a
    command line, and the address of a database may hold a password.
    """
    return {"MLFLOW_BACKEND_STORE_URI": uri, "MLFLOW_ARTIFACTS_DESTINATION": str(artifacts)}


def command(port: int) -> list[str]:
    """The command of MLflow's server, with one process and few messages."""
    options = ["--host", HOST, "--port", str(port), "--workers", "1", "--uvicorn-opts", "--log-level warning"]
    return [sys.executable, "-m", "mlflow", "server", *options]


def run(command: Callable[[int], list[str]], environment: dict[str, str], page: str) -> int:
    """Run a server until a signal comes, and return the exit code: 0 after a signal, 1 if the server ended by itself. If
    another process took the port before the server did, it is started again at another port.

    The server has a session of its own, so that Ctrl-C reaches this process only, which then ends all of the server's.
    """
    signals: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        signals.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    print("Starting MLflow …", flush=True)
    while True:
        port = free_port()
        server = subprocess.Popen(command(port), env={**os.environ, **environment}, start_new_session=True)
        ready = False
        while not signals and server.poll() is None:
            if not ready and (ready := is_ready(server.pid, port)):
                print(f"http://{NAME}:{port}{page}")
                print(f"(loopback only; from elsewhere: ssh -L {port}:{HOST}:{port} this-host; stop with Ctrl-C)")
                sys.stdout.flush()
            time.sleep(0.2)
        end_all(server)
        if signals:
            return 0
        if ready or is_free(port):
            print("MLflow's server ended by itself; its last messages are above.", file=sys.stderr)
            return 1
        print(f"Another process has taken port {port}: starting again …", flush=True)


def end_all(server: subprocess.Popen[bytes]) -> None:
    """End a server and all processes that it has started, by SIGTERM and, after a while, by SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        until = time.monotonic() + PATIENCE
        while has_processes(server) and time.monotonic() < until:
            time.sleep(0.05)


def has_processes(server: subprocess.Popen[bytes]) -> bool:
    """Whether any process of a server's session is left."""
    server.poll()
    try:
        os.killpg(server.pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_ready(server: int, port: int) -> bool:
    """Whether a server, by its process id, answers at a port: it and no other one that took the port first."""
    if not listens(server, port):
        return False
    with closing(http.client.HTTPConnection(HOST, port, timeout=1)) as connection:
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def listens(server: int, port: int) -> bool:
    """Whether a process, or one that it has started, listens at a port."""
    try:
        parent = psutil.Process(server)
        processes = [parent, *parent.children(recursive=True)]
        connections = [one for process in processes for one in process.net_connections("tcp")]
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)


def free_port() -> int:
    """MLflow's usual port if it is free, else any free one."""
    if is_free(USUAL_PORT):
        return USUAL_PORT
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen at a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def first_page(results: Path, uri: str) -> str:
    """The link to the view that was saved when the study ended; before that, and where somebody has deleted the study's
    experiment in the pages, which is said, to the plain table of the latest runs.
    """
    is_file = uri.startswith(SQLITE)
    tracked = results / TRACKED
    if tracked.exists():
        content = json.loads(tracked.read_text())
        if content.get("target") == target.mark():
            if not is_file or is_active(Path(uri.removeprefix(SQLITE)), content["experiment"]):
                return str(content["link"])
            print(DELETED)
    if not is_file:
        return "/#/experiments"
    return views.plain_link(latest_experiment(Path(uri.removeprefix(SQLITE))))


def is_active(database: Path, experiment: str) -> bool:
    """Whether a store has an experiment that is not deleted."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("select lifecycle_stage from experiments where experiment_id = ?", (int(experiment),))
        return ("active",) in rows.fetchall()


def latest_experiment(database: Path) -> str:
    """The id of the experiment in a store that was changed last."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        row = connection.execute(
            "select experiment_id from experiments where lifecycle_stage = 'active' order by last_update_time desc"
        ).fetchone()
    return str(row[0]) if row else "0"
