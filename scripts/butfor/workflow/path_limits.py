"""The limits of file systems to the paths that a study names, with what butfor puts below or beside them. Standard library
only.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from butfor.errors import Place, StudyFileError
from butfor.study.data_sets import place
from butfor.study.files_beside import PATHS

LONGEST_NAME = 255  # bytes, of a file or folder
LONGEST_RESULTS = 3500  # bytes; a path may have 4095, and a figure in MLflow's artifacts lies deepest


class PathLimitError(StudyFileError):
    """A path that no file system could hold."""


def refuse_long_paths(settings: dict[str, Any]) -> None:
    """Raise PathLimitError if a path that a study's settings name is too long."""
    paths: dict[Place, str | None] = {("results",): settings["results"]}
    for name, data in settings["data_sets"].items():
        paths |= {(*place(name), key): data.get(key) for key in PATHS}
    for at, path in paths.items():
        longest = max(map(_bytes, Path(path or "").parts), default=0)
        if longest > LONGEST_NAME:
            key = ".".join(map(str, at))
            raise PathLimitError(
                f"{key}: expected names of at most {LONGEST_NAME} bytes between the slashes, received one of {longest}. Choose"
                " a shorter one",
                at,
            )
    whole = _bytes(os.path.abspath(settings["results"]))
    if whole > LONGEST_RESULTS:
        raise PathLimitError(
            f"results: expected a folder whose whole path has at most {LONGEST_RESULTS} bytes, received {whole}. Choose a"
            " shorter one",
            ("results",),
        )


def _bytes(path: str) -> int:
    return len(os.fsencode(path))
