"""A fork that becomes the process of a script, and the one that waits for it, of which the client is told."""

from __future__ import annotations

import atexit
import bz2
import contextlib
import ctypes
import gc
import gzip
import io
import lzma
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from butfor.forks.client import MODULES, SCRIPT

NAME = Path("/proc/self/comm")  # what programs that list processes call this one
PATH = "PYTHONPATH"
FILES = (  # temporary ones, which go as they are closed; texts; packed bytes, and others in Python; the system's
    *(tempfile._TemporaryFileWrapper, io.TextIOBase, gzip.GzipFile, lzma.LZMAFile, bz2.BZ2File),
    *(io.BufferedIOBase, io.RawIOBase),
)
UNWRITTEN = 120  # the exit status of an interpreter that could not write the last of its output


@dataclass(frozen=True)
class Asked:
    """A script to be run for a client: the `words` that an interpreter would be given, the folder, the variables. files: standard
    input, output and error output. installed: where libraries are."""

    client: socket.socket
    words: list[str]
    folder: str
    environment: dict[str, str]
    files: list[int]
    installed: list[str]


def run(asked: Asked) -> None:
    """Run a script in a process of its own, pass signals of the client's on to it, tell its exit status, and end. It is killed
    where the client is. Both end at once, so that nothing comes after."""
    script = os.fork()
    if not script:
        asked.client.close()
        _become(asked)
    try:
        for file in asked.files:
            os.close(file)
        status = _waited_for(script, asked.client)
        asked.client.sendall(status.to_bytes(4, "big", signed=True))
    finally:
        os._exit(0)


def _waited_for(script: int, client: socket.socket) -> int:
    """The exit status of a script."""
    ended, caller = os.pidfd_open(script), client.fileno()
    while ended not in select.select([ended, caller], [], [])[0]:
        number = client.recv(1)
        os.kill(script, number[0] if number else signal.SIGKILL)
        if not number:
            break
    _, status = os.waitpid(script, 0)
    return os.waitstatus_to_exitcode(status)


def _become(asked: Asked) -> None:
    """Run the script as an interpreter would that had just been started, and end as it would (see _end)."""
    for standard, file in enumerate(asked.files):
        os.dup2(file, standard)
        os.close(file)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(asked.folder)
    os.environ.clear()
    os.environ.update(asked.environment)
    own = [path for path in os.environ.get(PATH, "").split(os.pathsep) if path]
    sys.path = [*own, *asked.installed]
    status = 0
    try:
        _run(asked.words)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        status = 1
    _end(status)


def _end(status: int) -> NoReturn:
    """End as an interpreter does: wait for threads, call what is registered, write what is still to be written. Only memory is
    left to the system, since to free each object that libraries have made takes longer than many a script."""
    threading._shutdown()  # type: ignore[attr-defined]  # as forks of multiprocessing end
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
            status = UNWRITTEN
    for file in _files():
        with contextlib.suppress(OSError, ValueError):
            file.close()
    ctypes.CDLL(None).fflush(None)
    os._exit(status & 0xFF)


def _files() -> list[Any]:
    """The files that the script has not closed, such as those of own code; each before the one that it writes into."""
    objects = gc.get_objects()
    kinds = {kind for kind in set(map(type, objects)) if issubclass(kind, FILES)}
    files = [each for each in objects if type(each) in kinds and each not in (sys.stdin, sys.stdout, sys.stderr)]
    return sorted(files, key=lambda file: next(place for place, kind in enumerate(FILES) if isinstance(file, kind)))


def _run(words: list[str]) -> None:
    if words in MODULES:
        sys.argv = words[2:]
        runpy.run_module(words[-1], run_name="__main__", alter_sys=True)
        return
    script = words[0]
    if kind := SCRIPT.search(script):
        NAME.write_text(kind[1])
    sys.argv = words
    sys.path.insert(0, str(Path(script).parent))
    runpy.run_path(script, run_name="__main__")
