"""Digests of the places that a study's data are read from, each a file or a folder: what stands for all that lies there.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from butfor.file_digests import file_digest
from butfor.fingerprint import fingerprint

PREFIX = "data."  # what a place is noted as: the key of the study file that names it


def place_digests(settings: Mapping[str, Any], *keys: str) -> dict[str, str]:
    """The digests of the places that these keys of a study's `data` name, as they are noted; of those that name one."""
    return {f"{PREFIX}{key}": place_digest(Path(settings[key])) for key in keys if settings[key]}


def noted_place(noted: str, settings: Mapping[str, Any]) -> Path:
    """The place that a noted key means by now."""
    return Path(settings.get(noted.removeprefix(PREFIX)) or noted).expanduser()


def place_digest(place: Path, digest: Callable[[Path], str] = file_digest) -> str:
    """What stands for the content of a file, or for the names and contents of all files below a folder; "" if there is none.
    Hidden files do not count. digest: of a file."""
    if not place.is_dir():
        return digest(place)
    paths = sorted(path for path in files_below(place))
    return fingerprint([[os.path.relpath(path, place), digest(path)] for path in paths]) if paths else ""


def files_below(folder: Path) -> list[Path]:
    """The files of a folder and of those in it, sorted, without what is hidden."""
    files = []
    for inside, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(inside, name) for name in names if not name.startswith(".")]
    return sorted(files)
