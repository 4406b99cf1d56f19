"""The command that a start was given, for the sentences that say how to go on. Standard library only."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

VARIABLE = "BUTFOR_COMMAND"
REPORT_VARIABLE = "BUTFOR_REPORT_COMMAND"
LONGEST = 400  # characters of a command that is worth repeating


def announce(words: Sequence[str], study: str) -> None:
    """Note what the user wrote, unless a command that has called this one did, and what reports on the study. study: its file,
    empty for the example study."""
    os.environ.setdefault(VARIABLE, shlex.join(words))
    os.environ.setdefault(REPORT_VARIABLE, shlex.join(["butfor", "report", *([study] if study else [])]))


def start_command() -> str:
    """What the user wrote; empty where that is not known or too long."""
    name, *words = sys.argv or [""]
    command = os.environ.get(VARIABLE) or (shlex.join(["snakemake", *words]) if Path(name).name == "snakemake" else "")
    return command if len(command) <= LONGEST else ""


def report_command() -> str:
    """What reports on a study that is not finished, options aside: of butfor where that made the start, else of Snakemake."""
    return os.environ.get(REPORT_VARIABLE) or "snakemake partial"


def has_options() -> bool:
    """Whether the user may have written more than what `report_command` repeats."""
    return start_command() != report_command().replace("report", "run", 1)
