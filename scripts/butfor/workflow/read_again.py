"""Small files that a start asks for again and again: read again only after they may have changed, because on a network file
system each reading is several messages to its server, and a look at the file's dates none or one. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def read_again_if_changed(read: Callable[[Path], T], file_of: Callable[[Path], Path]) -> Callable[[Path], T]:
    """The function `read` of a path, whose result depends on the file `file_of` of it alone; called only where that is new."""
    known: dict[Path, tuple[tuple[int, ...], T]] = {}

    def result(path: Path) -> T:
        state = _state(file_of(path))
        if not state or path not in known or known[path][0] != state:
            known[path] = state, read(path)
        return known[path][1]

    return result


def _state(file: Path) -> tuple[int, ...]:
    """What changes whenever a file's content does; empty if there is no file."""
    try:
        status = os.stat(file)
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev
