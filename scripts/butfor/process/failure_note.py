"""The failure note of a training job: why it has left no records. The partial report reads it; the job removes it once the
records are there.

A failed training is data, in a record. The note is for what leaves no record: code of the user's own that raises, hangs
or ends its process, a full disk, a kill.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from butfor.process import system_errors
from butfor.process.parent_watch import is_alive, last_words
from butfor.records import files
from butfor.records.results_folder import notes_in

STOPPED = "it was stopped by Ctrl-C"
WITH_START = "it stopped with its start, which was killed"
NO_MESSAGE = (
    "its process ended without an error message: it was killed, as Linux does where memory runs out, or code that it ran"
    " ended it"
)


class FailureNote:
    """The failure note of one job, in the file `path`: arm, look, log, process and host, and later the seed and the reason."""

    def __init__(self, path: Path, arm: str, look: str, log: Path) -> None:
        self._path = path
        self._job = {"arm": arm, "look": look, "log": str(log), "process": os.getpid(), "host": platform.node()}

    @contextmanager
    def of(self, seed: int) -> Iterator[dict[str, Any]]:
        """A context for the training of a seed: the note says that its process ended, and if it raises, why. Yields the `path`
        and the content of the note that time_limit may write.
        """
        self.say(seed, NO_MESSAGE)
        try:
            with last_words(lambda: self.say(seed, WITH_START)):
                yield {"path": str(self._path), "note": {**self._job, "seed": seed}}
        except BaseException as error:
            why = system_errors.sentence(error) or f"{type(error).__name__}: {error}"
            self.say(seed, STOPPED if isinstance(error, KeyboardInterrupt) else why.split("\n")[0])
            raise

    def remove(self) -> None:
        """Remove the note, because the records are there."""
        files.remove(self._path)

    def say(self, seed: int | None, why: str) -> None:
        """Write why the job leaves no records, at which seed; None: before the first. On a full disk, over what is there, which
        would otherwise name another reason.
        """
        text = json.dumps({**self._job, "seed": seed, "why": why})
        try:
            files.write_atomically(self._path, text)
        except OSError:
            if not self._path.exists():
                raise
            with self._path.open("r+", encoding="utf-8") as note:
                note.write(text)
                note.truncate()


def by_reason(notes: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The notes with the same reason but for the name of the arm, together: what all arms have in common is said once."""
    reasons: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for note in notes:
        reasons.setdefault((without_name(note["why"], note["arm"]), note["look"], note["seed"]), []).append(note)
    return list(reasons.values())


def without_name(why: str, arm: str) -> str:
    """A reason without the name of the arm that it is given for."""
    return re.sub(rf"(?<![\w.-]){re.escape(arm)}(?![\w-])", "", why)


def read_notes(results: Path) -> list[dict[str, Any]]:
    """The failure notes in a results folder, by arm and look, without those of jobs that still run."""
    notes = [json.loads(path.read_text()) for path in notes_in(results)]
    return [note for note in notes if note["host"] != platform.node() or not is_alive(note["process"])]
