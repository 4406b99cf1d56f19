"""Why a training job has left no records: a note beside them, gone once they are there, which the partial report reads.

A failed training is data, in a record. This is for what leaves no record: code of the user's own that raises, hangs or
ends its process, a full disk, a kill.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from butfor.orphan import is_alive
from butfor.record import write_atomically

SUFFIX = ".failure.json"
STOPPED = "it was stopped by Ctrl-C"
UNSAID = "its process ended without a word: it was killed, or code that it ran ended it"


class FailureNote:
    """The note of one job, in the file that `path` names. `told` is what it says: arm, look, log, process and host."""

    def __init__(self, path: Path, arm: str, look: str, log: Path) -> None:
        self._path = path
        self.told = {"arm": arm, "look": look, "log": str(log), "process": os.getpid(), "host": platform.node()}

    @contextmanager
    def of(self, seed: int) -> Iterator[dict[str, Any]]:
        """While this seed trains, the note says that it did not end; if it raises, why. Gives what a watch may say."""
        self.say(seed, UNSAID)
        try:
            yield {"path": str(self._path), "note": {**self.told, "seed": seed}}
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            self.say(seed, STOPPED if stopped else f"{type(error).__name__}: {error}".split("\n")[0])
            raise

    def remove(self) -> None:
        """The records are there."""
        self._path.unlink(missing_ok=True)

    def say(self, seed: int | None, why: str) -> None:
        """Say why the job leaves no records; None where no seed was begun."""
        write_atomically(self._path, json.dumps({**self.told, "seed": seed, "why": why}))


def note_beside(runs: Path) -> Path:
    """Where the note of the job lies whose records are to be in the folder `runs`."""
    return runs.parent / ".unfinished" / f"{runs.name}{SUFFIX}"


def read_notes(results: Path) -> list[dict[str, Any]]:
    """The notes of the jobs in a results folder that have ended without records, by arm and look."""
    paths: Iterable[Path] = sorted((results / "runs").glob(f"*/.unfinished/*{SUFFIX}"))
    notes = [json.loads(path.read_text()) for path in paths]
    return [note for note in notes if note["host"] != platform.node() or not is_alive(note["process"])]
