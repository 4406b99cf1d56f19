"""Partners of a training job: processes that train some of its seeds while it trains others, where cores would be idle otherwise.

A partner leaves its records where the job finds those of finished seeds. It ends with the job, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from butfor.errors import StudyError
from butfor.fingerprint import fingerprint
from butfor.forks.interpreter import module_command, module_environment
from butfor.process.failure_note import FailureNote
from butfor.process.log import log_path, log_to
from butfor.records import files
from butfor.records.results_folder import COMPILED, JobPlace, note_beside
from butfor.training.engine_choice import engine_named
from butfor.training.seed_job import SeedJob

MODULE = "butfor.training.seed_partners"


class PartnerError(StudyError):
    """A seed that a partner could not train."""


def dealt(seeds: Sequence[int], processes: int) -> list[list[int]]:
    """The seeds of each process; of no more processes than there are seeds, and of one at least."""
    return [list(seeds[place::processes]) for place in range(max(1, min(processes, len(seeds))))]


class SeedPartners:
    """The partners of a job, as a context: it ends once all are done, or kills them if it is left by an error. Raises
    PartnerError if one could not train its seeds; the job's note says why.

    task: what SeedJob takes. shares: the seeds of each. variables: those that the job was started with.
    """

    def __init__(
        self, task: dict[str, Any], shares: Sequence[list[int]], note: FailureNote, variables: Mapping[str, str]
    ) -> None:
        self._task, self._shares, self._note = task, shares, note
        self._variables = module_environment(variables)
        self._partners: list[tuple[Path, subprocess.Popen[str]]] = []

    def __enter__(self) -> SeedPartners:
        for place, seeds in enumerate(self._shares, start=1):
            note = _note_of(Path(self._task["runs"]), place)
            task = {**self._task, "seeds": seeds, "note": str(note), "log": str(log_path())}
            partner = subprocess.Popen(module_command(MODULE), stdin=subprocess.PIPE, env=self._variables, text=True)
            self._partners.append((note, partner))
            if partner.stdin:
                with contextlib.suppress(BrokenPipeError):  # one that ended at once, as is seen later
                    partner.stdin.write(json.dumps(task) + "\n")
                    partner.stdin.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for _, partner in self._partners:
            if error is not None:
                partner.kill()
            partner.wait()
            if partner.stdin:
                with contextlib.suppress(BrokenPipeError):
                    partner.stdin.close()
        lost = [note for note, partner in self._partners if partner.returncode]
        reasons: list[dict[str, Any]] = [json.loads(note.read_text()) for note in lost if note.exists()]
        for note, _ in self._partners:
            files.remove(note)
        if error is None and lost:
            if not reasons:
                raise PartnerError("a process that was to train some of the seeds could not begin; see above.")
            seed, why = reasons[0]["seed"], reasons[0]["why"]
            self._note.say(seed, why)
            raise PartnerError(f"seed {seed}, in a process of its own: {why}")


def _note_of(runs: Path, place: int) -> Path:
    """The failure note of a partner, of which only its job takes notice."""
    return note_beside(runs).with_suffix(f".partner{place}")


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
    """Kill this process once its job is gone: files are written atomically, so that it may be killed at any time."""
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    task = _task()
    threading.Thread(target=_end_with_job, daemon=True).start()
    _train(task)
