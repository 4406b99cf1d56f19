"""What a program costs: seconds that pass, and processor seconds of it and all that it starts, daemons included."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from sampled_processes import Lived, Sampled

ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
LONGEST = 20.0  # seconds that what a program leaves running is waited for before it is ended


@dataclass(frozen=True)
class Cost:
    """wall, processor: seconds. failure: the end of the program's output, if it failed; else empty. lived: its processes."""

    wall: float
    processor: float
    failure: str = ""
    lived: tuple[Lived, ...] = ()


def cost(command: list[str], folder: Path, environment: dict[str, str]) -> Cost:
    """Run a program to its end. What it leaves running counts as long as it runs, and is ended if it stays."""
    ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
    before, began = _children(), time.perf_counter()
    output = folder / "output.txt"
    with output.open("w") as file, Sampled() as sampled:
        done = subprocess.run(command, cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT)
        wall = time.perf_counter() - began
        _, staying = psutil.wait_procs(psutil.Process().children(recursive=True), timeout=LONGEST)
        for process in staying:
            process.kill()
        psutil.wait_procs(staying, timeout=LONGEST)
    _reap()
    text = output.read_text(errors="replace")[-3000:] if done.returncode else ""
    lived = tuple(sampled.lived.values())
    # The system adds up what was waited for, and that alone; of the processes of Ray's trials nobody waits.
    return Cost(wall, max(_children() - before, sum(one.processor for one in lived)), text, lived)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
