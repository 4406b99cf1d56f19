"""The files that a user says their code reads, by `depends`: paths and patterns such as `weights/*.npy`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from butfor.fingerprint import fingerprint
from butfor.user_code.location import OwnCodeError

WILD = set("*?[")


def declared_digest(patterns: Iterable[str], folders: Iterable[Path], digest: Callable[[Path], str], where: str) -> str:
    """16 hexadecimal digits that stand for the content of the declared files, wherever they lie; "" if none are declared.

    folders: where they are looked for, in this order. where: the declaration, in a message. Raises OwnCodeError.
    """
    matched = [_matches(pattern, list(folders), where) for pattern in patterns]
    contents = [sorted((name, digest(path)) for name, path in matches) for matches in matched]
    return fingerprint(contents) if contents else ""


def _matches(pattern: str, folders: list[Path], where: str) -> list[tuple[str, Path]]:
    """The files of a pattern, each with its path below the part of the pattern that names no particular file."""
    parts = Path(pattern).expanduser().parts
    fixed = next((place for place, part in enumerate(parts) if WILD & set(part)), len(parts))
    for folder in folders:
        start = folder.joinpath(*parts[:fixed])
        places = [start] if fixed == len(parts) else sorted(start.glob(str(Path(*parts[fixed:]))))
        files = [file for place in places for file in _files_below(place)]
        if files:
            return [("" if file == start else os.path.relpath(file, start), file) for file in files]
    raise OwnCodeError(
        f"{where}: depends: expected files, received {pattern}, of which there are none in"
        f" {' or '.join(map(str, folders))}. Correct the path, or take it out."
    )


def _files_below(place: Path) -> list[Path]:
    if place.is_dir():
        return sorted(path for path in place.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [place] if place.is_file() else []
