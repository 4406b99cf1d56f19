"""A command of Python's whose libraries are imported once and which forks for each run: imports take most of a dry run."""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

INTERPRETER = ("PYTHON", "LC_", "LANG")  # variables that an interpreter reads when it starts


class Preloaded:
    """`python -m module`, whose libraries are imported once. It runs as an interpreter does that was started with the
    same variables; whoever needs other ones of INTERPRETER starts one.
    """

    def __init__(self, module: str, imports: tuple[str, ...], environment: dict[str, str]) -> None:
        self._started_with = _of_interpreter(environment)
        self._socket, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, __file__, str(theirs.fileno()), module, *imports]
            self._server = subprocess.Popen(command, env=environment, pass_fds=[theirs.fileno()])

    def fits(self, environment: dict[str, str]) -> bool:
        """Whether an interpreter started with these variables would be like this one."""
        return _of_interpreter(environment) == self._started_with

    def run(
        self,
        words: list[str],
        folder: Path,
        environment: dict[str, str],
        timeout: float,
    ) -> subprocess.CompletedProcess[str]:
        """Run the command with these words in a folder; stdout and stderr are captured. TimeoutError: after that many
        seconds."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            asked = json.dumps({"words": words, "folder": str(folder), "environment": environment}).encode()
            socket.send_fds(self._socket, [len(asked).to_bytes(4, "big")], [out.fileno(), err.fileno()])
            self._socket.sendall(asked)
            self._socket.settimeout(timeout)
            answer = self._socket.recv(4)
            if len(answer) < 4:
                raise RuntimeError(f"{words}: its server has ended")
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(words, int.from_bytes(answer, "big", signed=True), *texts)

    def close(self) -> None:
        """End the server."""
        self._socket.close()
        self._server.wait()


def _of_interpreter(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(INTERPRETER)}


def import_once(modules: Iterable[str]) -> None:
    """Import modules for all forks. Frozen, since each would look through them for garbage as it ends, and copy them for that."""
    for name in modules:
        import_module(name)
    gc.collect()
    gc.freeze()


def serve(requests: socket.socket, module: str) -> None:
    """Fork for each request, one after the other, until the other end is closed."""
    while True:
        head, files, *_ = socket.recv_fds(requests, 4, 2)
        if not head:
            return
        asked = json.loads(requests.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        child = os.fork()
        if not child:
            requests.close()
            become(partial(_main, module, asked["folder"]), asked, files)
        for file in files:
            os.close(file)
        _, status = os.waitpid(child, 0)
        requests.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))


def become(run: Callable[[list[str]], None], asked: dict[str, Any], files: list[int]) -> None:
    """Run this with the words, in the folder and with the variables asked for, and end. files: stdout and stderr."""
    for standard, file in zip((1, 2), files, strict=True):
        os.dup2(file, standard)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    status = 0
    try:
        run(asked["words"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    sys.exit(status)


def _main(module: str, folder: str, words: list[str]) -> None:
    """Run the module as the main program."""
    if workflow := sys.modules.get("snakemake.workflow"):
        vars(workflow.Workflow)["_rundir"]  # the working folder, which it looks up when it is imported
        workflow.Workflow._rundir = str(Path.cwd().absolute())
    sys.argv = [module, *words]
    sys.path[0] = folder
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    import_once(sys.argv[3:])
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
