"""The three commands of `scripts/cluster.py`: start, submit, status."""

from __future__ import annotations

import sys
from pathlib import Path

from butfor.cluster.start import start
from butfor.cluster.status import status
from butfor.cluster.submit import submit
from butfor.errors import StudyError


def obey(words: list[str]) -> int:
    """Do what the command line says and return the exit code.

    `start [--cancel] WORDS…` (for Snakemake), `submit JOBSCRIPT` and `status NUMBER` (by Snakemake).
    """
    command, *rest = words
    try:
        if command == "start":
            return start([word for word in rest if word != "--cancel"], cancel="--cancel" in rest)
        print(submit(Path(rest[-1])) if command == "submit" else status(rest[-1]))
    except StudyError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
