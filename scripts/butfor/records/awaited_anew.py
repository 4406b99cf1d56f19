"""What lies in a results folder from an earlier start and is to be made anew by the present one: until it has, it tells nothing
of the present study. Standard library only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from butfor.records import files
from butfor.records.results_folder import AWAITED, DECISION, REPORT, RUNS_FOLDER

SHOWN = (RUNS_FOLDER, Path(DECISION).parts[0], REPORT)  # what tells how far a study is


def await_anew(results: Path, made: Iterable[Path | str]) -> None:
    """Note which of the files and folders that a start makes are there already."""
    there = {}
    for place in dict.fromkeys(map(Path, made)):
        inside = place.relative_to(results).parts[:1] if place.is_relative_to(results) else ()
        if inside and inside[0] in SHOWN and (version := _version(place)):
            there[os.fspath(place.relative_to(results))] = version
    files.write_atomically(results / AWAITED, json.dumps(there))


def awaited_anew(results: Path) -> set[Path]:
    """Those that no job has replaced yet."""
    try:
        noted = json.loads((results / AWAITED).read_text())
    except (OSError, ValueError):
        return set()
    return {results / place for place, version in noted.items() if _version(results / place) == version}


def await_nothing(results: Path) -> None:
    """Forget them: the start has done all that it was to do."""
    files.remove(results / AWAITED)


def _version(place: Path) -> list[int]:
    """What tells a file or folder from the next in its place; empty if there is none."""
    try:
        about = place.stat()
    except OSError:
        return []
    return [about.st_ino, about.st_mtime_ns]
