"""The processes of a start of Snakemake, looked at while they run: what each was for, how long it lived, what it used."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass

import psutil

PAUSE = 0.25  # seconds between two looks; what a process used since the last one is not known
JOB = re.compile(r"/\.snakemake/scripts/tmp\w+\.(\w+)\.py$")
SNAKEMAKE, FOLLOWER, FORKS, OTHER = "Snakemake", "follow", "forks", "other"


@dataclass
class Lived:
    """A process: its `kind`, a job's being the rule's script; seconds since it began, and of processors."""

    kind: str
    began: float
    seconds: float = 0.0
    processor: float = 0.0


class Sampled:
    """Looks at this process's children, and theirs, as long as the context lasts; `lived` are all that were seen."""

    def __init__(self) -> None:
        self.lived: dict[int, Lived] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Sampled:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        here = psutil.Process()
        while not self._over.wait(PAUSE):
            for process in here.children(recursive=True):
                try:
                    self._look(process)
                except psutil.Error:
                    continue

    def _look(self, process: psutil.Process) -> None:
        if process.status() == psutil.STATUS_ZOMBIE:
            return
        now = kind(process.cmdline(), process.name())
        seen = self.lived.setdefault(process.pid, Lived(now, process.create_time()))
        if seen.kind in (FORKS, OTHER):  # between fork and exec, or its script, it is called what its parent is
            seen.kind = now
        used = process.cpu_times()
        seen.seconds, seen.processor = age(process), used.user + used.system


def age(process: psutil.Process) -> float:
    """The seconds since a process began. By the clock that the system dates it with: the date itself has whole seconds in it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - (process.create_time() - psutil.boot_time())


def kind(words: list[str], name: str = "") -> str:
    """What a process is for, by its command line; a fork that runs a script, by the name that it has been given."""
    for word in words:
        if word.endswith("/forks/server.py"):
            return FORKS if name.startswith("python") else name
        if word.endswith("/forks/client.py"):  # which waits for such a fork
            return OTHER
        if job := JOB.search(word):
            return job[1]
        if word.endswith("/follow.py"):
            return FOLLOWER
    return SNAKEMAKE if "snakemake" in words else OTHER
