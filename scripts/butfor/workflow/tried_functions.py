"""Functions of the user's own, tried in a process before the first job, and which of them were. Standard library only."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from butfor.forks.interpreter import module_command, module_environment
from butfor.records.files import write_atomically
from butfor.user_code.location import OwnCodeError

FOLDER = Path(".snakemake") / "butfor"
MOST = 1000  # that are remembered


class TriedFunctions:
    """Those that have been tried, by what stands for each, in a file of this name."""

    def __init__(self, name: str) -> None:
        self._path = FOLDER / name
        self._known = self._read()

    def lack(self, mark: str) -> bool:
        """Whether that one was not tried."""
        return mark not in self._known

    def remember(self, marks: Iterable[str]) -> None:
        """Not to try these again."""
        self._known += marks
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, json.dumps(self._known[-MOST:]))

    def _read(self) -> list[str]:
        try:
            return list(json.loads(self._path.read_text()))
        except (OSError, ValueError):
            return []


def try_once(file: str, module: str, asked: Mapping[str, Any]) -> None:
    """Have a module of butfor's try what has not been tried. file: the name of the file that remembers it. asked: what is to be
    tried, by what stands for it. Raises OwnCodeError."""
    tried = TriedFunctions(file)
    untried = [mark for mark in asked if tried.lack(mark)]
    if untried and try_by(module, [asked[mark] for mark in untried]):
        tried.remember(untried)


def try_by(module: str, asked: Any) -> bool:
    """Have a module of butfor's try what it is asked for; whether it came to its end: one that was ended says nothing of the
    functions. Raises OwnCodeError with what the module says."""
    done = subprocess.run(
        module_command(module),
        input=json.dumps(asked),
        env=module_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if message := done.stdout.strip():
        raise OwnCodeError(**json.loads(message))
    return done.returncode == 0
