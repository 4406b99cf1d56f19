"""The command that a start was given, for the sentence that says how to go on. Standard library only."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

VARIABLE = "BUTFOR_COMMAND"
LONGEST = 400  # characters of a command that is worth repeating


def announce(words: Sequence[str]) -> None:
    """Note what the user wrote, unless a command that has called this one did."""
    os.environ.setdefault(VARIABLE, shlex.join(words))


def start_command() -> str:
    """What the user wrote; empty where that is not known or too long."""
    name, *words = sys.argv or [""]
    told = os.environ.get(VARIABLE) or (shlex.join(["snakemake", *words]) if Path(name).name == "snakemake" else "")
    return told if len(told) <= LONGEST else ""
