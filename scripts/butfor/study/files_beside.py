"""Files that a study names: from the working folder, or else from that of the study file. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from butfor.user_code import location

PATHS = ("folder", "file", "test_file", "validation_file")
WILD = "*?["


def find_beside(data: dict[str, Any], folders: Sequence[Path]) -> None:
    """Bring a data set's paths, and those of the files that its code reads, to where they lie. folders: of the study's files."""
    for place in PATHS:
        if data[place]:
            data[place] = _place_of(str(Path(data[place]).expanduser()), [Path()], folders)
    own = []
    if location.is_own(data["name"]):
        with suppress(location.OwnCodeError):
            own = [location.root_of(data["name"])]
    data["depends"] = [_place_of(pattern, [Path(), *own], folders) for pattern in data["depends"]]


def _place_of(path: str, first: Sequence[Path], folders: Sequence[Path]) -> str:
    """The path, or where it is in one of the folders and in none of those that come first."""
    if Path(path).expanduser().is_absolute() or any(any(_matches(folder, path)) for folder in first):
        return path
    return next((str(folder / path) for folder in folders if any(_matches(folder, path))), path)


def _matches(folder: Path, path: str) -> Iterator[Path]:
    if any(letter in path for letter in WILD):
        return folder.glob(path)
    return iter([folder / path] if (folder / path).exists() else [])
