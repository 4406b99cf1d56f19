"""What tests against real servers share: MLflow's server, Debian's PostgreSQL, made-up studies, and the count of what a
store holds.
"""

from __future__ import annotations

import dataclasses
import glob
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy

from butfor.records.record import read, write
from butfor.tracking import run_content
from conftest import ROOT, need
from test_tracking import RUN, TRACKING

PATIENCE = 180  # seconds for a server to answer; idle, it takes 5 to 10
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Any, process: subprocess.Popen[Any] | None = None) -> None:
    """Wait for a condition, as long as a process lives that is to bring it about."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if process and process.poll() is not None:
            words = process.stdout.read() if process.stdout else ""
            raise AssertionError(f"it ended with {process.returncode}: {words}")
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


def status(url: str, **headers: str) -> int:
    """The status of an answer; 0 if there is none."""
    try:
        return int(urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30).status)
    except urllib.error.HTTPError as failure:
        return failure.code
    except OSError:
        return 0


class Server:
    """A real `mlflow server`, which may be killed and started again."""

    def __init__(self, folder: Path, database: str, *words: str, **environment: str) -> None:
        self.port, self.database = free_port(), database
        self.uri = f"http://127.0.0.1:{self.port}"
        stores = ["--backend-store-uri", database, "--artifacts-destination", str(folder / "artifacts")]
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        self._command = [sys.executable, "-m", "mlflow", "server", *stores, *where, *words]
        self._environment = {**os.environ, **QUIET, **environment}
        self._log = folder / "server.log"

    def __enter__(self) -> Server:
        self.start()
        try:
            until(lambda: status(f"{self.uri}/health") == 200, self.process)
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """kill -9 of all its processes."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
            self.process.wait()


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of its own on loopback, run by a user that may; gives its address, which holds a password."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    need(found, "PostgreSQL (Debian's package postgresql)")
    need(importlib.util.find_spec("psycopg2"), "psycopg2 (make postgres)")
    with TemporaryDirectory(prefix="butfor-postgres-") as folder:
        place, password, port = Path(folder) / "data", Path(folder) / "password", free_port()
        password.write_text("p4ss-word")
        as_user = []
        if os.getuid() == 0:
            for path in (folder, password):
                shutil.chown(path, "postgres")
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        options = ["-D", str(place), "-A", "scram-sha-256", "-U", "tester", "--pwfile", str(password), "--no-sync"]
        subprocess.run([*as_user, f"{found[-1]}/initdb", *options], cwd="/", capture_output=True, check=True)
        where = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={place}"]
        command = [*as_user, f"{found[-1]}/postgres", "-D", str(place), *where, "-c", "fsync=off"]
        address = f"postgresql+psycopg2://tester:p4ss-word@127.0.0.1:{port}"
        process = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: _connects(f"{address}/postgres"), process)
            yield address
        finally:
            process.send_signal(signal.SIGINT)  # its fast shutdown: clients are sent away
            process.wait()


def _connects(uri: str) -> bool:
    try:
        with sqlalchemy.create_engine(uri).connect():
            return True
    except sqlalchemy.exc.OperationalError:
        return False


def new_database(server: str, name: str) -> str:
    """The address of a new, empty database."""
    engine = sqlalchemy.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"create database {name}"))
    engine.dispose()
    return f"{server}/{name}"


class Study:
    """A made-up study of a baseline and ablations, each with a job that leaves its records in `runs/<arm>/look1`."""

    def __init__(self, results: Path, arms: int = 8, seeds: int = 3, epochs: int = 30) -> None:
        self.results = results
        names = ["baseline", *(f"a{number}" for number in range(1, arms))]
        about = {name: {"family": "f", "reference": None if name == "baseline" else "baseline"} for name in names}
        self.tracking = {**TRACKING, "arms": about}
        self.jobs = [results / "runs" / name / "look1" for name in names]
        for folder in self.jobs:
            for seed in range(seeds):
                write(folder / f"seed_{seed}.json", made_up(folder.parent.name, seed, epochs))
        for name in ("checks.json", "contrasts.json"):
            (results / name).write_text("[]")
        (results / "report.md").write_text("# made up")

    def process(self, uri: str | None = None, **more: str) -> subprocess.Popen[str]:
        """The last import of the study, as a process of its own."""
        words = [json.dumps(self.tracking), str(self.results)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), **more}
        environment.pop("MLFLOW_TRACKING_URI", None)
        if uri:
            environment["MLFLOW_TRACKING_URI"] = uri
        command = [sys.executable, "-c", TRACK, *words]
        return subprocess.Popen(
            command, cwd=self.results, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )  # old MLflow makes an empty `mlruns` where it is started

    def track(self, uri: str | None = None, **more: str) -> str:
        """The last import, to its end; gives what it says, which is nothing if all went well."""
        process = self.process(uri, **more)
        said, _ = process.communicate(timeout=300)
        return said if process.returncode else ""

    def expected(self) -> dict[str, Counter[Any]]:
        """Every metric row that MLflow is to hold, by the run's key."""
        rows = {}
        for folder in self.jobs:
            for path in sorted(folder.glob("seed_*.json")):
                record = read(path)
                reference = self.results / "runs" / "baseline" / "look1" / path.name
                compared = None if record.arm == "baseline" else read(reference)
                points = run_content.metrics(record, run_content.deltas(record, compared), False)
                rows[f"s/{record.arm}/{record.seed}"] = Counter((p.key, p.timestamp, p.step, p.value) for p in points)
        return rows


def made_up(arm: str, seed: int, epochs: int) -> Any:
    """The record of a long training."""
    history = [
        {"epoch": n, "objective": 1 / n, "train/loss": 2 / n, "train/accuracy": 0.5} for n in range(1, epochs + 1)
    ]
    ended = [1e9 + n for n in range(1, epochs + 1)]
    return dataclasses.replace(
        RUN,
        arm=arm,
        seed=seed,
        history=history,
        learning_rate=[0.1] * (RUN.steps_per_epoch * epochs),
        timing={"started": 1e9 + seed, "ended": ended[-1] + 1, "epochs_ended": ended, "seconds": {}},
    )


TRACK = """
import json, sys
from pathlib import Path
from butfor.errors import StudyError
from butfor.tracking.study_import import Sources, track
about, results = json.loads(sys.argv[1]), Path(sys.argv[2])
runs = [results / "runs" / arm / "look1" for arm in about["arms"]]
try:
    sources = Sources(
        runs, results / "checks.json", results / "contrasts.json", [results / "report.md"], results / "tables"
    )
    track(about, sources, results / "tracked.json", sys.stdout)
except StudyError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def held(database: str) -> tuple[dict[str, list[Counter[Any]]], Counter[str]]:
    """What a database holds of active runs: per key, for each of its runs, every metric row; and their statuses."""
    # A migration is not to wait for a reader, and a question that fails, as before there are tables, is to leave no connection.
    engine = sqlalchemy.create_engine(database, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    with closing(engine.connect()) as connection:
        runs = connection.execute(
            sqlalchemy.text(
                "select runs.run_uuid, status, value from runs join tags on tags.run_uuid = runs.run_uuid and"
                " tags.key = 'butfor.key' where lifecycle_stage = 'active'"
            )
        ).all()
        rows = connection.execute(sqlalchemy.text("select run_uuid, key, timestamp, step, value from metrics")).all()
    metrics: dict[str, Counter[Any]] = {}
    for run, *row in rows:
        metrics.setdefault(run, Counter())[tuple(row)] += 1
    by_key: dict[str, list[Counter[Any]]] = {}
    for run, _, key in runs:
        by_key.setdefault(key, []).append(metrics.get(run, Counter()))
    return by_key, Counter(status for _, status, _ in runs)


def faults(study: Study, database: str) -> dict[str, int]:
    """How many runs are lost, held twice or still running, and how many metric rows are missing or too many."""
    there, statuses = held(database)
    wanted = study.expected()
    return {
        "lost": len(wanted.keys() - there.keys()),
        "foreign": len(there.keys() - wanted.keys()),
        "twice": sum(len(runs) - 1 for runs in there.values()),
        "running": statuses["RUNNING"],
        "missing rows": sum((wanted[key] - runs[0]).total() for key, runs in there.items() if key in wanted),
        "surplus rows": sum((runs[0] - wanted[key]).total() for key, runs in there.items() if key in wanted),
    }


NONE = {"lost": 0, "foreign": 0, "twice": 0, "running": 0, "missing rows": 0, "surplus rows": 0}
