"""Snakemake's scripts, forked from one process that has imported their libraries, for all workers of a start of the tests.

Of a stage that trains nothing, imports take most. A Snakemake of the tests is told that its interpreter is the file `python`
in a folder of the server's: a client, which asks the server where that is what an interpreter with the same variables would
be, and is the interpreter otherwise, also as long as the server has not finished its imports. (Studies that tests start by a
command of their own, those of users' situations, faults and outer workflows, have real interpreters throughout.)
"""

from __future__ import annotations

import json
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
from pathlib import Path

from preloaded import become, import_once

SCRIPT = re.compile(r"\.snakemake/scripts/\w+\.(assess|check|compare|data|decide|figures|partial|report|track)\.py$")
READ_AT_START = ("PYTHON", "LC_", "LANG", "MPL", "MLFLOW", "OPENBLAS", "OMP", "TZ")  # by an interpreter or a library
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
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}


def interpreter(environment: dict[str, str]) -> Path:
    """The client, for scripts in this environment; the first to ask in a start of the tests starts the server."""
    tests = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    folder = Path(tempfile.gettempdir()) / f"butfor-scripts-{os.getuid()}-{tests}"
    client = folder / "python"
    if client.exists():
        return client
    made = Path(tempfile.mkdtemp())
    words = [sys.executable, "-SE", __file__, str(folder), sys.executable]
    (made / "python").write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    (made / "python").chmod(0o700)
    try:
        made.rename(folder)
    except OSError:  # another worker's is there
        shutil.rmtree(made)
        return client
    subprocess.Popen(
        [sys.executable, __file__, str(folder), str(tests)],
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
        if not (words and SCRIPT.search(words[0])):
            raise FileNotFoundError
        if read_at_start(environment) != json.loads((folder / "environment.json").read_text()):
            raise FileNotFoundError
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(folder / "socket"))
    except OSError:
        os.execv(python, [python, *words])
    asked = json.dumps({"words": words, "folder": os.getcwd(), "environment": environment}).encode()
    socket.send_fds(server, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(asked)
    answer = server.recv(4)
    if len(answer) < 4:
        sys.exit(f"{words[0]}: the server of the tests has ended")
    return int.from_bytes(answer, "big", signed=True)


def serve(folder: Path, tests: int) -> None:
    """Fork for each request, until the tests have ended."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "socket"))
    listener.listen(64)
    (folder / "environment.json").write_text(json.dumps(read_at_start(dict(os.environ))))
    while _is_alive(tests):
        while _has_buried():
            pass
        if select.select([listener], [], [], 1.0)[0]:
            request, _ = listener.accept()
            if not os.fork():
                listener.close()
                _answer(request)
            request.close()
    shutil.rmtree(folder, ignore_errors=True)


def _answer(request: socket.socket) -> None:
    """Run what is asked for in a process of its own, tell its exit status, and end."""
    head, files, *_ = socket.recv_fds(request, 4, 3)
    asked = json.loads(request.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
    child = os.fork()
    if not child:
        request.close()
        become(_run, asked, files)
    _, status = os.waitpid(child, 0)
    request.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
    os._exit(0)


def _run(words: list[str]) -> None:
    sys.argv = words
    sys.path[0] = str(Path(words[0]).parent)
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
        import_once(LIBRARIES)
        serve(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        status = ask(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
        if status < 0:  # of a signal
            os.kill(os.getpid(), -status)
        sys.exit(status)
