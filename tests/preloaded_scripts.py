"""Snakemake's scripts, forked from processes that have imported their libraries, for all workers of a start of the tests.

Of most jobs of the tests, imports take most. A Snakemake of the tests is told that its interpreter is the file `python` in a
folder of the servers': a client, which asks a server where that is what an interpreter with the same variables would be, and
is the interpreter otherwise, also as long as the server has not finished its imports. What trains with Keras has a server
of its own, which has imported Keras as butfor does and nothing that Keras is to do without. (Studies that tests start by a
command of their own, those of users' situations, faults and outer workflows, have real interpreters throughout, and so have
those in whose environment PYTHONHASHSEED is set: forks of one server order their sets alike.)
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import runpy
import select
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from functools import partial
from importlib import import_module
from pathlib import Path

from preloaded import become, import_once

SCRIPT = re.compile(r"\.snakemake/scripts/\w+\.([a-z]+)\.py$")
BUILD = ["-P", "-m", "butfor.training.build_job"]  # which the script `build` starts
TRAINING = ("build", "cost", "search", "train", "tune")
STAGES, KERAS = "stages", "keras"  # the servers
KERAS_ENGINE = "keras_engine"  # in the name of what trains with Keras
READ_AT_START = (  # by an interpreter or a library
    "PYTHON", "LC_", "LANG", "MPL", "MLFLOW", "OPENBLAS", "OMP", "TZ", "HOME", "KERAS", "TF_", "XLA", "CUDA",
)  # fmt: skip
PATH = "PYTHONPATH"  # which a fork can still follow
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}  # as jobs set it before they import TensorFlow
INSTALLED = [
    path for path in sys.path if path not in (str(Path(__file__).parent), *os.environ.get(PATH, "").split(os.pathsep))
]
SET_BY_STARTS = {  # butfor's and Snakemake's
    "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}  # fmt: skip
LIBRARIES = (
    "jsonschema", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.figure", "mlflow",
    "numpy", "pandas", "PIL.Image", "requests", "scipy.optimize", "scipy.special", "scipy.stats", "seaborn",
    "sklearn.datasets", "sklearn.model_selection", "yaml",
)  # fmt: skip


def read_at_start(environment: dict[str, str]) -> dict[str, str]:
    """The variables that make another interpreter."""
    known = {**QUIET, **environment}
    return {name: value for name, value in known.items() if name.startswith(READ_AT_START) and name != PATH}


def server_for(words: list[str], environment: dict[str, str]) -> str | None:
    """Which server can run what an interpreter is asked to, if one can."""
    script = SCRIPT.search(words[0]) if words else None
    if not script and words != BUILD:
        return None
    trains = not script or script[1] in TRAINING
    return KERAS if trains and KERAS_ENGINE in environment.get("BUTFOR_ENGINE", "") else STAGES


def interpreter(environment: dict[str, str], engine: str) -> Path:
    """The client, for scripts in this environment; the first to ask in a start of the tests starts the servers, Keras's where
    it trains.
    """
    tests = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    folder = Path(tempfile.gettempdir()) / f"butfor-scripts-{os.getuid()}-{tests}"
    client = folder / "python"
    if not client.exists():
        made = Path(tempfile.mkdtemp())
        words = [sys.executable, "-SE", __file__, str(folder), sys.executable]
        (made / "python").write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        (made / "python").chmod(0o700)
        try:
            made.rename(folder)
        except OSError:  # another worker's is there
            shutil.rmtree(made)
    for name in (STAGES, KERAS) if KERAS_ENGINE in engine else (STAGES,):
        with contextlib.suppress(FileExistsError):
            (folder / f"{name}.begun").touch(exist_ok=False)
            subprocess.Popen(
                [sys.executable, __file__, str(folder), str(tests), name],
                env={**environment, **SET_BY_STARTS},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
    return client


def ask(folder: Path, python: str, words: list[str]) -> int:
    """Run a script as the interpreter would: its exit status. What is no such script, the interpreter itself runs."""
    environment = dict(os.environ)
    try:
        if not (name := server_for(words, environment)):
            raise FileNotFoundError
        if read_at_start(environment) != json.loads((folder / f"{name}.json").read_text()):
            raise FileNotFoundError
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(folder / name))
    except OSError:
        os.execv(python, [python, *words])
    asked = json.dumps({"words": words, "folder": os.getcwd(), "environment": environment}).encode()
    socket.send_fds(server, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(asked)
    answer = server.recv(4)
    if len(answer) < 4:
        sys.exit(f"{words[0]}: the server of the tests has ended")
    return int.from_bytes(answer, "big", signed=True)


def import_keras() -> None:
    """Import Keras as butfor does, and forget butfor, of which each copy of the workflow has its own."""
    import_once(["numpy", "psutil", "jsonschema", "yaml"])
    os.environ.update(QUIET)
    logging.basicConfig()  # as jobs do before: else TensorFlow makes a handler of its own
    sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))
    import_module("butfor.engine.keras_import").load()
    sys.path.pop(0)
    for name in [name for name in sys.modules if name.split(".")[0] == "butfor"]:
        del sys.modules[name]
    import_once(())


def serve(folder: Path, tests: int, name: str) -> None:
    """Import what the server of that name has, and fork for each request, until the tests have ended."""
    environment = read_at_start(dict(os.environ))
    import_keras() if name == KERAS else import_once(LIBRARIES)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / name))
    listener.listen(64)
    (folder / f"{name}.json").write_text(json.dumps(environment))
    while _is_alive(tests):
        while _has_buried():
            pass
        if select.select([listener], [], [], 1.0)[0]:
            request, _ = listener.accept()
            if not os.fork():
                listener.close()
                _answer(request, folder / "python")
            request.close()
    shutil.rmtree(folder, ignore_errors=True)


def _answer(request: socket.socket, client: Path) -> None:
    """Run what is asked for in a process of its own, tell its exit status, and end."""
    head, files, *_ = socket.recv_fds(request, 4, 3)
    asked = json.loads(request.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
    child = os.fork()
    if not child:
        request.close()
        become(partial(_run, client), asked, files)
    _, status = os.waitpid(child, 0)
    request.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
    os._exit(0)


def _run(client: Path, words: list[str]) -> None:
    own = os.environ.get(PATH, "").split(os.pathsep)
    sys.path = [*filter(None, own), *INSTALLED]
    if words == BUILD:
        sys.argv = words[2:]
        runpy.run_module(words[-1], run_name="__main__", alter_sys=True)
        return
    sys.argv = words
    sys.path.insert(0, str(Path(words[0]).parent))
    if words[0].endswith(".build.py"):
        sys.executable = str(client)
    runpy.run_path(words[0], run_name="__main__")


def _has_buried() -> bool:
    """Whether one more process that has ended was waited for."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0] > 0
    except ChildProcessError:
        return False


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    if sys.argv[2].isdecimal():
        serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    else:
        status = ask(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
        if status < 0:  # of a signal
            os.kill(os.getpid(), -status)
        sys.exit(status)
