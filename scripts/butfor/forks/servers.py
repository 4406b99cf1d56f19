"""The servers of a start: which of its jobs they are for, and that Snakemake starts scripts by their client.

A job of a study takes one or two seconds of a processor to import its libraries, before it does anything. Jobs of one start on
this machine need not: they begin as copies of a process that has. Whatever no server takes is run by an interpreter of its own,
as always: scripts on clusters, in containers and in environments of their own, and all where there are too few to gain anything.
"""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sized
from pathlib import Path
from typing import Any

from butfor.forks.client import ENGINE, FIGURES, FOLLOWS, LATE, LATER, MIRROR, SECOND, STAGES, TRAINING
from butfor.forks.interpreter import SERVERS, interpreter, thread_variables
from butfor.forks.listener import listening
from butfor.process.log import LIBRARIES_LEVEL, libraries_level
from butfor.process.start_settings import announced

HERE = Path(__file__).resolve().parent
FEWEST = {ENGINE: 2, STAGES: 3}  # jobs for which a server imports no more than they would
OF_SCRIPTS = ("snakemake.common", "snakemake.iocontainers", "snakemake.logging", "jsonschema", "numpy", "yaml")
OF_TABLES = ("pandas", "scipy.optimize", "scipy.special", "scipy.stats")  # what all stages but the data's need
OF_LATE = {
    FIGURES: ("matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "seaborn"),
    MIRROR: ("butfor.tracking", "mlflow", "mlflow.store.tracking.sqlalchemy_store"),  # the first says how mlflow begins
}
OF_ENGINES = {
    "butfor.engine.keras_engine:KerasEngine": (
        *OF_SCRIPTS,
        "psutil",
        "butfor.engine.keras_libraries",
        "butfor.engine.generated_code",
    ),
    "butfor.jax_engine.jax_engine:JaxEngine": (*OF_SCRIPTS, "psutil", "butfor.jax_engine.jax_libraries"),
}
PATIENCE = 0.5  # seconds, in which a server ends that is not importing
DATA = "data"  # the rule whose job every other waits for
EACH = "threads_each"  # a parameter of trainings: the threads of each of their processes
PYTHON = "py_exec"  # what Snakemake calls the interpreter in the command of a script


class ForkServers:
    """The servers of a start, and the client by which its scripts are started once there are any."""

    def __init__(self) -> None:
        self._are_wanted = SERVERS not in os.environ

    def start_scripts_of(self, script: type[Any]) -> None:
        """Have scripts (Snakemake's `PythonScript`) started by the client, where this interpreter would start them, each with
        the threads of one process, of which a training job may have several."""
        execute = script._execute_cmd

        def execute_by_client(self_: Any, command: str, **values: Any) -> Any:
            if values.get(PYTHON) == sys.executable:
                values[PYTHON] = interpreter()
            self_.threads = min(
                self_.threads, self_.params.get(EACH) or self_.threads
            )  # libraries read it as they start
            return execute(self_, command, **values)

        script._execute_cmd = execute_by_client

    def start(self, rules: Iterable[str], engine: str, threads: int, follows: str) -> None:
        """Start what serves the processes that are to run, by the names of their rules; it ends with this process.

        engine: of the study. threads: of its trainings. follows: the first script after them, see first_after_trainings.
        """
        if not self._are_wanted or not _can_wait():
            return
        jobs, all_rules = {ENGINE: 0, STAGES: 0}, list(rules)
        for rule in all_rules:
            jobs[ENGINE if rule in TRAINING else STAGES] += 1
        late = [f"{LATE[rule]}{LATER}{','.join(OF_LATE[LATE[rule]])}" for rule in LATE if rule in all_rules]
        tables = [f"{SECOND * (DATA in all_rules)}{module}" for module in OF_TABLES]
        modules = {ENGINE: OF_ENGINES.get(engine, ()), STAGES: (*OF_SCRIPTS, *tables, FOLLOWS + follows, *late)}
        wanted = [name for name in jobs if jobs[name] >= FEWEST[name] and modules[name]]
        if not wanted:
            return
        try:
            folder = Path(tempfile.mkdtemp(prefix="butfor-forks-"))
        except OSError:  # a full disk
            return
        try:
            write_client(folder)
            listeners = {name: listening(folder, name) for name in wanted}
        except OSError:  # a disk that is full by now, or a path that is too long for a socket
            shutil.rmtree(folder, ignore_errors=True)
            return
        if not os.access(folder / "python", os.X_OK):  # a file system on which nothing is run
            shutil.rmtree(folder, ignore_errors=True)
            return
        os.environ[SERVERS] = str(folder)
        servers = [
            _started(folder, listeners[name], modules[name], threads if name == ENGINE else 1) for name in wanted
        ]
        atexit.register(_end, servers, folder)


def first_after_trainings(searches: Sized, costs: Sized) -> str:
    """The first script of a start beside which no process trains, nor measures what models cost.

    searches: of learning rates, after which arms are trained once more. costs: the file of what the models cost, if asked for.
    """
    if costs:
        return "report"
    return "compare" if searches else "check"


def write_client(folder: Path) -> None:
    """Write the file that is started in the interpreter's place."""
    words = [sys.executable, "-SE", str(HERE / "client.py"), str(folder), sys.executable]
    path = folder / "python.new"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    path.chmod(0o700)
    path.rename(folder / "python")


def _can_wait() -> bool:
    """Whether this system has what a fork is waited for by (Linux since 5.3)."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def _started(folder: Path, listener: socket.socket, modules: Iterable[str], threads: int) -> subprocess.Popen[bytes]:
    level = {LIBRARIES_LEVEL: libraries_level(announced().log_level)}
    with listener:
        return subprocess.Popen(
            [sys.executable, str(HERE / "server.py"), str(folder), str(listener.fileno()), *modules],
            env={**level, **os.environ, **thread_variables(threads)},
            stdin=subprocess.PIPE,  # closed with this process, however that ends
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[listener.fileno()],
        )


def _end(servers: Iterable[subprocess.Popen[bytes]], folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C ends nothing any more
    for server in servers:
        if server.stdin:
            server.stdin.close()
    for server in servers:
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:  # it imports what nobody needs any more
            server.terminate()
            server.wait()
    shutil.rmtree(folder, ignore_errors=True)
