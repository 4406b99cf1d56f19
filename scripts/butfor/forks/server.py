"""A server of forks: it imports libraries once, and for each script that it is asked to run forks a process that has them.

    server.py <folder of servers> <number of a socket> <module> [modules] [+module] [!script] [late server=module,module]

It listens at a socket that it inherits, so it can be asked as soon as it is started. It imports the modules before it can run a
script, and those with a plus once it has forked the first, which needs none of them. Then it forks the first of its late servers,
which can be asked at once, imports more, and forks the next: what only the last scripts need is imported beside the engine, when
one core of two is idle. Once it is asked for the script with an exclamation mark, it says that all trainings are over.

It ends with the process that holds the other end of its standard input. It takes a script only if an interpreter would be started
with the same variables as it was: those that libraries read when they are imported.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2]))

from butfor.forks.client import ACCEPTED, FOLLOWS, LATER, SCRIPT, SECOND, TRAINED  # noqa: E402
from butfor.forks.fork import PATH, Asked, run  # noqa: E402
from butfor.forks.listener import listening  # noqa: E402
from butfor.process.log import LIBRARIES_LEVEL  # noqa: E402

READ_AT_START = (  # by an interpreter or a library
    "PYTHON", "LC_", "LANG", "MPL", "MLFLOW", "OPENBLAS", "OMP", "MKL", "TZ", "HOME", "KERAS", "TF_", "XLA", "JAX", "CUDA",
)  # fmt: skip
DEVICES = ("/dev/nvidia", "/dev/kfd", "/dev/dri/")


def read_at_start(environment: dict[str, str]) -> dict[str, str]:
    """The variables that make another interpreter: not the path of modules, which a fork follows, nor the level from which
    libraries are heard, which is the start's."""
    others = (PATH, LIBRARIES_LEVEL)
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START) and name not in others}


def import_once(modules: Iterable[str]) -> None:
    """Import modules for all forks, and forget butfor's own, which each script reads when it starts. What is there is frozen:
    each fork would look through it for garbage as it ends, and copy it for that."""
    for name in modules:
        import_module(name)
    for name in [name for name in sys.modules if name.split(".")[0] == "butfor"]:
        del sys.modules[name]
    gc.collect()
    gc.freeze()


def holds_device(names: tuple[str, ...] = DEVICES) -> bool:
    """Whether this process has begun to use an accelerator, which its forks could not use then."""
    opened = (os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
    return any(path.startswith(names) for path in opened)


def wait_for_ended(*_: object) -> None:
    """Wait for processes that have ended, so that what they used counts as this one's, and its parent's."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


Late = Sequence[tuple[str, Sequence[str]]]  # names of servers, and what they import


def asked_of(
    folder: Path, listener: socket.socket, modules: Sequence[str], second: Sequence[str], late: Late, follows: str = ""
) -> Asked | None:
    """In a fork of a server that has imported modules, or of a late one, what a client has asked it to run; None once standard
    input is closed. follows: the first script after all trainings."""
    elsewhere = {str(HERE.parent), str(HERE.parents[2]), *os.environ.get(PATH, "").split(os.pathsep)}
    started_with, installed = read_at_start(dict(os.environ)), [path for path in sys.path if path not in elsewhere]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for scripts, whose clients pass it on
    signal.signal(signal.SIGCHLD, wait_for_ended)
    _import_before_use(modules)
    if not second:
        listener = _with_late(folder, listener, late)
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        client, _ = listener.accept()
        if (asked := _received(client, started_with, installed)) and not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            return asked
        client.close()
        for file in asked.files if asked else ():
            os.close(file)
        if asked and _script(asked.words) == follows:
            with contextlib.suppress(OSError):  # a full disk: what is imported early is imported at the end then
                (folder / TRAINED).touch()
        if asked and second:
            import_once(second)
            listener, second = _with_late(folder, listener, late), ()
    listener.close()
    return None


def _import_before_use(modules: Sequence[str]) -> None:
    """Import modules, for which clients wait."""
    import_once(modules)
    if holds_device():
        sys.exit("a fork cannot use the accelerator that this process holds")


def _with_late(folder: Path, listener: socket.socket, late: Late) -> socket.socket:
    """Fork the late servers, each from the one before; what clients ask this process by, which is one of them or goes on as it
    was."""
    for name, modules in late:
        if os.fork():
            break
        listener.close()
        listener = listening(folder, name)
        _import_before_use(modules)
    return listener


def _script(words: Sequence[str]) -> str | None:
    """The name of the script that is run by these words, if they run one of Snakemake's."""
    script = SCRIPT.search(words[0])
    return script[1] if script else None


def _received(client: socket.socket, started_with: dict[str, str], installed: list[str]) -> Asked | None:
    """What a client asks for, which is told that it is taken; None if it is not."""
    try:
        head, files, *_ = socket.recv_fds(client, 4, 3)
        asked = json.loads(client.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
    except (OSError, ValueError):
        return None
    if read_at_start(asked["environment"]) != started_with:
        for file in files:
            os.close(file)
        return None
    with contextlib.suppress(OSError):  # of a client that has been ended meanwhile, which is seen again
        client.sendall(ACCEPTED)
    return Asked(client, asked["words"], asked["folder"], asked["environment"], files, installed)


def main(folder: Path, inherited: int, *words: str) -> NoReturn:
    """Serve; in a fork, run what is asked for. All servers of a folder end together, and at once: to free what is imported takes
    longer than all else at the end of a start."""
    modules = [word for word in words if LATER not in word and not word.startswith((SECOND, FOLLOWS))]
    follows = next((word.removeprefix(FOLLOWS) for word in words if word.startswith(FOLLOWS)), "")
    second = [word.removeprefix(SECOND) for word in words if word.startswith(SECOND)]
    late = [(later, more.split(",")) for later, _, more in (word.partition(LATER) for word in words) if more]
    if asked := asked_of(folder, socket.socket(fileno=inherited), modules, second, late, follows):
        run(asked)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
