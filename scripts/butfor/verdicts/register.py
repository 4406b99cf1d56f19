"""The register of a study: what was planned when, and what was seen by then; a file that is only ever added to.

Snakemake deletes a rule's outputs before the rule runs, and whatever trains would wait for a rule's output and train
again when it changed. So the register is no rule's file: a start writes it before its first job, and rules read it.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from butfor.errors import StudyError
from butfor.records import files
from butfor.records.files import write_atomically

Register = dict[str, Any]
Entry = dict[str, Any]

FORMAT = 2
NEW: Register = {"runs": 0, "terms": [], "claims": {}, "arms": {}, "reports": [], "reasons": []}
STAMP = ("time", "runs", "because", "former", "renamed")  # what an entry says of itself and of the one before it


class RegisterError(StudyError):
    """A register that cannot be read."""


def read(path: Path) -> Register:
    """The register in a file, an empty one if there is none. Raises RegisterError.

    runs: the most records that a start has counted. terms: the history of what verdicts are judged by. claims, arms: by
    name, the history of each; an entry that has only a stamp says that it was taken out. reports: what was reported (see
    reported.py). reasons: those that came after what they explain. A stamp says when an entry was made (`time`), how many
    `runs` had been seen by then, why (`because`), and of an arm that is taken out or asks something else how many `records`
    it had and its last `verdict` (`former`), and its new name, if it has one (`renamed`).
    """
    if not path.is_file():
        return {"format": FORMAT, **copy.deepcopy(NEW)}
    try:
        raw = path.read_bytes()
        register: Register = json.loads(raw)
        if register["format"] not in (1, FORMAT):
            raise RegisterError(f"{path}: format {register['format']}; this version of butfor reads up to {FORMAT}.")
        if register.pop("sha256", None) and not files.is_sealed(raw):  # earlier versions wrote none
            raise ValueError("its checksum is another")
        return {**copy.deepcopy(NEW), **register, "format": FORMAT}  # format 1 had terms and claims only
    except (ValueError, TypeError, KeyError) as failure:
        raise RegisterError(
            f"{path} is no whole register of a study ({failure}). Restore it; without it, every claim is exploratory."
        ) from failure


def write(path: Path, register: Register) -> None:
    """Write a register, with its checksum."""
    write_atomically(path, files.sealed(json.dumps(register, indent=1, ensure_ascii=False)))


def content(entry: Entry) -> Entry:
    """An entry without its stamp; empty where something was taken out."""
    return {key: value for key, value in entry.items() if key not in STAMP}


def present(history: dict[str, list[Entry]]) -> dict[str, Entry]:
    """The last entries of what is in the study, by name."""
    return {name: entries[-1] for name, entries in history.items() if content(entries[-1])}
