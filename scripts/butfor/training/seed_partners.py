"""Partners of a training job: processes that train some of its seeds while it trains others, where cores would be idle otherwise.

A partner leaves its records where the job finds those of finished seeds. It ends with the job, however that ends.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import psutil

from butfor.errors import StudyError
from butfor.fingerprint import fingerprint
from butfor.forks.client import die_with_parent
from butfor.forks.interpreter import module_command, module_environment
from butfor.process.failure_note import FailureNote
from butfor.process.log import log_path, log_to
from butfor.records import files
from butfor.records.results_folder import COMPILED, JobPlace, partner_note, partner_notes
from butfor.training.engine_choice import engine_named
from butfor.training.seed_job import SeedJob

MODULE = "butfor.training.seed_partners"
NOT_BEGUN = "its process could not begin, as the log says"
PAUSE = 0.5  # seconds between two looks at the job
PATIENCE = 2.0  # seconds, in which a partner that is not needed any more removes its temporary files


class PartnerError(StudyError):
    """A seed that a partner could not train."""


def dealt(seeds: Sequence[int], processes: int) -> list[list[int]]:
    """The seeds of each process; of no more processes than there are seeds, and of one at least."""
    return [list(seeds[place::processes]) for place in range(max(1, min(processes, len(seeds))))]


class SeedPartners:
    """The partners of a job, as a context: it ends once all are done, or ends them if it is left by an error. They are stopped
    while the job is. Raises PartnerError if one could not train its seeds; the job's note says why.

    task: what SeedJob takes. shares: the seeds of each. variables: those that the job was started with.
    """

    def __init__(
        self, task: dict[str, Any], shares: Sequence[list[int]], note: FailureNote, variables: Mapping[str, str]
    ) -> None:
        self._task, self._shares, self._note = task, shares, note
        self._runs, self._variables = Path(task["runs"]), module_environment(variables)
        self._partners: list[tuple[Path, subprocess.Popen[str]]] = []

    def __enter__(self) -> SeedPartners:
        self._remove_notes()  # of a job that was killed
        for place, seeds in enumerate(self._shares, start=1):
            note = partner_note(self._runs, place)
            task = {**self._task, "seeds": seeds, "note": str(note), "log": str(log_path()), "job": os.getpid()}
            partner = subprocess.Popen(module_command(MODULE), stdin=subprocess.PIPE, env=self._variables, text=True)
            self._partners.append((note, partner))
            if partner.stdin:
                with contextlib.suppress(BrokenPipeError):  # one that ended at once, as is seen later
                    partner.stdin.write(json.dumps(task) + "\n")
                    partner.stdin.flush()
        if self._partners:
            signal.signal(signal.SIGCONT, self._go_on)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._wait()
        finally:
            if self._partners:
                signal.signal(signal.SIGCONT, signal.SIG_DFL)
                self._end()
            self._remove_notes()

    def _wait(self) -> None:
        for (path, partner), seeds in zip(self._partners, self._shares, strict=True):
            if partner.poll() is None:
                with self._note.of(seeds[-1]):  # what is lost if this process is ended while it waits
                    partner.wait()
            if partner.returncode:
                noted: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
                seed, why = noted.get("seed", seeds[0]), noted.get("why", NOT_BEGUN)
                self._note.say(seed, why)
                raise PartnerError(f"seed {seed}, in a process of its own: {why}")

    def _end(self) -> None:
        """Have all partners end by themselves, or else kill them; a second Ctrl-C is not to leave any."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        for _, partner in self._partners:
            if partner.stdin:
                with contextlib.suppress(BrokenPipeError):
                    partner.stdin.close()
        until = time.monotonic() + PATIENCE
        for _, partner in self._partners:
            with contextlib.suppress(subprocess.TimeoutExpired):
                partner.wait(max(0.0, until - time.monotonic()))
            partner.kill()
            partner.wait()
        signal.signal(signal.SIGINT, before)

    def _go_on(self, number: int, frame: FrameType | None) -> None:
        for _, partner in self._partners:
            with contextlib.suppress(ProcessLookupError):
                partner.send_signal(number)

    def _remove_notes(self) -> None:
        for note in partner_notes(self._runs):
            files.remove(note)


def _train(asked: dict[str, Any]) -> None:
    log_to(asked["log"])
    engine, training, runs = engine_named(asked["training"]["engine"]), asked["training"], Path(asked["runs"])
    with engine.compiled_in(JobPlace(runs).results / COMPILED, asked["threads"], fingerprint(training["recipe"])):
        places = asked["arrays"], asked["manifest"]
        job = SeedJob(engine, training, *places, asked["threads"], runs, asked["keeps"], Path(asked["note"]))
        for place, seed in enumerate(asked["seeds"], start=1):
            job.train(seed, later=len(asked["seeds"]) - place, max_minutes=asked["max_minutes"])


def _task() -> dict[str, Any]:
    """What the job asks for, in a line of standard input."""
    text = b""
    while not text.endswith(b"\n"):
        if not (more := os.read(0, 2**16)):
            sys.exit("the job of this process is gone")
        text += more
    task: dict[str, Any] = json.loads(text)
    return task


def _end_with_job() -> None:
    """Kill this process once its job is gone or needs it no more: files are written atomically, so that it may be killed at any
    time. What libraries have in the folder of temporary files goes first."""
    os.read(0, 1)
    try:
        atexit._run_exitfuncs()
    finally:
        os.kill(os.getpid(), signal.SIGKILL)


def _stop_with(job: int) -> None:
    """Stop this process whenever its job is stopped, which wakes it: Ctrl-Z is to leave the processor to others."""
    while True:
        time.sleep(PAUSE)
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(job).status() == psutil.STATUS_STOPPED:
                os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    die_with_parent()
    task = _task()
    threading.Thread(target=_end_with_job, daemon=True).start()
    threading.Thread(target=_stop_with, args=(task["job"],), daemon=True).start()
    _train(task)
