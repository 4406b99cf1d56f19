"""MLflow's pages over a study's own store, on loopback only."""

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
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType

from butfor import tracking_target
from butfor.errors import StudyError
from butfor.tracking_target import SQLITE

HOST = "127.0.0.1"
NAME = "butfor.localhost"  # the same to browsers; at HOST, MLflow opens a chat that hides a quarter of a first visitor's page
USUAL_PORT = 5000
PATIENCE = 10.0  # seconds that a server has to end when asked to
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_SERVER_ALLOWED_HOSTS": f"localhost:*,{HOST}:*,{NAME}:*",  # MLflow's default lets in any name that begins with 10.
    "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": f"http://{NAME}:*",
}


def serve(results: Path) -> None:
    """Show MLflow's pages of the study's store until Ctrl-C, after printing the link that opens on its runs.

    Ends the process: without an error if it was asked to, with a message if there is nothing to show.
    """
    uri, artifacts = tracking_target.store(results)
    if artifacts is None:
        print(f"The runs are on your server: {tracking_target.redacted(uri).rstrip('/')}{first_page(results, uri)}")
        return
    try:
        tracking_target.check(results)
        meet_other_versions(results, uri)
        port = free_port()
    except StudyError as error:
        raise SystemExit(str(error)) from None
    page = f"http://{NAME}:{port}{first_page(results, uri)}"
    raise SystemExit(run(command(port), {**QUIET, **stores(uri, artifacts)}, port, page))


def meet_other_versions(results: Path, uri: str) -> None:
    """Raise StudyError if there is no store, or one that this version of MLflow does not open."""
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).exists():
        raise StudyError(
            f"There is no {uri.removeprefix(SQLITE)} yet: run the study first, or say RESULTS=…, its folder."
        )
    from butfor.tracking import schema_version

    schema_version.meet(uri, tracking_target.is_own(results))


def stores(uri: str, artifacts: Path) -> dict[str, str]:
    """Where runs and files are, in variables: everyone on the machine can read a command line, and a database's address
    may hold a password.
    """
    return {"MLFLOW_BACKEND_STORE_URI": uri, "MLFLOW_ARTIFACTS_DESTINATION": str(artifacts)}


def command(port: int) -> list[str]:
    """MLflow's server, with one process and few words."""
    options = ["--host", HOST, "--port", str(port), "--workers", "1", "--uvicorn-opts", "--log-level warning"]
    return [sys.executable, "-m", "mlflow", "server", *options]


def run(command: list[str], environment: dict[str, str], port: int, page: str) -> int:
    """Run a server in a session of its own, so that Ctrl-C reaches this process alone, which then ends all of it."""
    asked: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    print("Starting MLflow …", flush=True)
    server = subprocess.Popen(command, env={**os.environ, **environment}, start_new_session=True)
    ready = False
    while not asked and server.poll() is None:
        if not ready and (ready := answers(port)):
            print(f"{page}\n(loopback only; from elsewhere: ssh -L {port}:{HOST}:{port} this-host; stop with Ctrl-C)")
            sys.stdout.flush()
        time.sleep(0.2)
    if not asked:
        print("MLflow's server ended by itself; its last words are above.", file=sys.stderr)
    end_all(server)
    return 0 if asked else 1


def end_all(server: subprocess.Popen[bytes]) -> None:
    """End a server and what it has started: politely, and after a while not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        until = time.monotonic() + PATIENCE
        while lives(server) and time.monotonic() < until:
            time.sleep(0.05)


def lives(server: subprocess.Popen[bytes]) -> bool:
    """Whether any process of a server's session is left."""
    server.poll()
    try:
        os.killpg(server.pid, 0)
    except ProcessLookupError:
        return False
    return True


def answers(port: int) -> bool:
    """Whether a server is ready there."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=1)) as connection:
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def free_port() -> int:
    """MLflow's usual port if nobody listens there, else any free one."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StudyError(f"No free port on {HOST}.")


def first_page(results: Path, uri: str) -> str:
    """The view that was saved when the study ended; before that, the plain table of its runs."""
    tracked = results / "tracked.json"
    if tracked.exists():
        said = json.loads(tracked.read_text())
        if said.get("target") == tracking_target.mark():
            return str(said["link"])
    if not uri.startswith(SQLITE):
        return "/#/experiments"
    return f"/#/experiments/{latest_experiment(Path(uri.removeprefix(SQLITE)))}/runs?workflowType=machine_learning"


def latest_experiment(database: Path) -> str:
    """The experiment of the store that was changed last."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as store:
        found = store.execute(
            "select experiment_id from experiments where lifecycle_stage = 'active' order by last_update_time desc"
        ).fetchone()
    return str(found[0]) if found else "0"
