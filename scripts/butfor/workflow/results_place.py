"""The place of a results folder: one of the study's own, in which a start may make anew, date back and take away files.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

from butfor.errors import StudyFileError
from butfor.records.files import write_atomically
from butfor.records.results_folder import STUDY_NAME

WORKFLOW = Path(__file__).resolve().parents[3]
# Of the workflow.
FOLDERS = ("config", "examples", "profiles", "rules", "scripts", "tests", ".git", ".venv", ".snakemake")


class ResultsPlaceError(StudyFileError):
    """A results folder that holds other things than a study's results."""


def refuse_shared_place(results: Path, study: str) -> None:
    """Raise ResultsPlaceError if the results folder is or holds the working folder, the home folder or the workflow, or lies
    in a folder that the workflow is made of, or if the results in it are another study's.
    """
    place = results.resolve()
    home = Path(os.path.expanduser("~"))  # Path.home() raises for a user without one, as in a container
    for kept in (Path.cwd(), home, WORKFLOW):
        if kept.resolve().is_relative_to(place):
            _refuse(results, study, "is" if kept.resolve() == place else "holds", kept)
    for kept in map(WORKFLOW.joinpath, FOLDERS):
        if place.is_relative_to(kept):
            _refuse(results, study, "is" if kept == place else "lies in", kept)
    name = results / STUDY_NAME
    other = name.read_text("utf-8").strip() if name.is_file() else study
    if other != study:
        raise ResultsPlaceError(
            f"results: expected a folder of the study's own, received {results}, which holds the results of the study"
            f" {other}. Write results: results/{study}; or, if the study has been renamed, delete {name}",
            ("results",),
        )


def keep_for(results: Path, study: str) -> None:
    """Note that the results in a folder are this study's."""
    write_atomically(results / STUDY_NAME, f"{study}\n")


def _refuse(results: Path, study: str, how: str, kept: Path) -> NoReturn:
    raise ResultsPlaceError(
        f"results: expected a folder of the study's own, in which files are made anew and taken away, received {results},"
        f" which {how} {kept}. Write results: results/{study}",
        ("results",),
    )
