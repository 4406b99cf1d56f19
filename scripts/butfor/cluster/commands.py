"""The three commands of `scripts/cluster.py`: start, submit, status."""

from __future__ import annotations

import sys
from pathlib import Path

from butfor.cluster.start import start
from butfor.cluster.status import status
from butfor.cluster.submit import submit
from butfor.errors import StudyError


def run_command(arguments: list[str]) -> int:
    """Run the command of a command line and return the exit code.

    `start [--cancel] ARGUMENTS…` (which are Snakemake's), `submit JOBSCRIPT` and `status NUMBER` (called by Snakemake).
    """
    command, *options = arguments
    try:
        if command == "start":
            return start([option for option in options if option != "--cancel"], cancel="--cancel" in options)
        print(submit(Path(options[-1])) if command == "submit" else status(options[-1]))
    except StudyError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
