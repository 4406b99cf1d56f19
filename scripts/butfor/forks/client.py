"""What starts a script of Snakemake's in the interpreter's place: it asks a server for a fork, and waits for that as for itself.

    client.py <folder of servers> <interpreter> <script> [words]

Where no server takes the script, this process becomes the interpreter that runs it. Standard library only, and little of it: a
client is started for each job.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

SCRIPT = re.compile(r"/\.snakemake/scripts/\w+\.([a-z]+)\.py$")
TRAINING = ("cost", "search", "train", "tune")  # scripts that import the engine
OF_TRAINING = tuple(
    ["-P", "-m", f"butfor.training.{name}"] for name in ("build_job", "seed_partners")
)  # processes that do
LIBRARY = "butfor"  # apart from its modules, whose names in one word would make all trainings depend on their code
FORKED_IMPORT = ["-P", "-m", f"{LIBRARY}.tracking.forked_import"]
MODULES = (*OF_TRAINING, FORKED_IMPORT)  # that are run beside a job, and end with what has started them
ENGINE, STAGES, FIGURES, MIRROR = "engine", "stages", "figures", "mirror"  # the servers
LATE = {"figures": FIGURES, "track": MIRROR}  # scripts that have a server of their own
TRAINED = "trained"  # a file beside the servers, of a start whose trainings have all ended
SECOND = "+"  # before a module that a server imports once it has forked its first script
FOLLOWS = "!"  # before the name of the script that is first once all trainings have ended
LATER = "="  # between the name of a late server and what it imports
ACCEPTED, PATIENCE = b"+", 120.0  # seconds, in which a server has imported everything
PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
PARENT_DEATH = 1  # to prctl: the signal that this process gets as its parent ends (Linux)


def servers_of(words: list[str]) -> list[str]:
    """The names of the servers for what an interpreter is asked to run, the best first; none if that is no script of
    Snakemake's."""
    if words in MODULES:
        return [MIRROR if words == FORKED_IMPORT else ENGINE]
    if (script := SCRIPT.search(words[0]) if words else None) is None:
        return []
    if script[1] in TRAINING:
        return [ENGINE]
    return [LATE[script[1]], STAGES] if script[1] in LATE else [STAGES]


def die_with_parent() -> None:
    """Have the system kill this process as soon as the one that has started it is gone: also where this one is stopped, and so
    could not see it."""
    import ctypes  # here, because only processes beside a job need it

    with contextlib.suppress(AttributeError):  # another system
        ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGKILL)


def main(folder: Path, interpreter: str, words: list[str]) -> int:
    """Run a script; the exit status of its fork, less than 0 for a signal."""
    if words in MODULES:
        die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to be said of a client that is ended while it waits
    server = next(filter(None, (_accepted(folder, name, words) for name in servers_of(words))), None)
    if server is None:
        os.execv(interpreter, [interpreter, *words])

    def pass_on(number: int, frame: FrameType | None) -> None:
        server.send(bytes([number]))

    def stop(number: int, frame: FrameType | None) -> None:
        server.send(bytes([signal.SIGSTOP]))
        os.kill(os.getpid(), signal.SIGSTOP)

    for number in (*PASSED_ON, signal.SIGCONT):
        signal.signal(number, pass_on)
    signal.signal(signal.SIGTSTP, stop)  # Ctrl-Z is to leave the processor to others
    server.settimeout(None)
    answer = server.recv(4, socket.MSG_WAITALL)
    if len(answer) < 4:
        sys.exit(f"{words[0]}: the process that waited for it was ended")
    return int.from_bytes(answer, "big", signed=True)


def _accepted(folder: Path, name: str, words: list[str]) -> socket.socket | None:
    """The connection to a server that has begun to run a script; None where it does not, or there is none of that name."""
    server = socket.socket(socket.AF_UNIX)
    server.settimeout(PATIENCE)
    asked = json.dumps({"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}).encode()
    try:
        server.connect(str(folder / name))
        socket.send_fds(server, [len(asked).to_bytes(4, "big")], [0, 1, 2])
        server.sendall(asked)
        return server if server.recv(1) == ACCEPTED else None
    except OSError:
        return None


if __name__ == "__main__":
    status = main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
    if status < 0:
        if -status in PASSED_ON:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)
