"""Folders of files by class: `train/<class>/…` and `test/<class>/…`, or `<class>/…` alone.

Standard library only, because every job of a cluster run parses what a study file means by such a folder.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from butfor.data.place_digests import files_below
from butfor.errors import StudyError

PARTS = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "val": ("val", "validation", "valid", "dev"),
}  # what the folder of a part is called
WHOLE = "whole"  # where the folder has classes and no parts
SHOWN = 5  # files that a message names
log = logging.getLogger(__name__)


class FolderError(StudyError):
    """A folder that does not hold files by class."""


@dataclass(frozen=True)
class ClassFiles:
    """The files of a part, sorted by class and name, with the class of each."""

    paths: list[Path]
    classes: list[str]


def part_folders(folder: Path) -> dict[str, Path]:
    """The folders of the parts, by part; those that there are."""
    below = {path.name.lower(): path for path in sorted(folder.glob("*")) if path.is_dir()}
    folders = {part: next((below[name] for name in names if name in below), None) for part, names in PARTS.items()}
    return {part: path for part, path in folders.items() if path}


def has_parts(folder: Path) -> bool:
    """Whether the folder has a test part of its own."""
    return {"train", "test"} <= set(part_folders(folder))


def class_files(folder: Path, endings: Collection[str]) -> dict[str, ClassFiles]:
    """The files with one of these endings, by part; of a folder without parts, all as WHOLE. Raises FolderError."""
    parts = part_folders(folder)
    if not has_parts(folder):
        if parts and all(any(child.is_dir() for child in path.iterdir()) for path in parts.values()):
            (part, path), *_ = parts.items()
            other = "test" if part == "train" else "train"
            raise FolderError(
                f"{folder}: expected a folder {other} beside {path.name}, received none. Write folder: {path}, and a share of"
                " it is set aside as the test part."
            )
        return {WHOLE: _of_classes(folder, endings)}
    others = [path.name for path in sorted(folder.glob("*")) if path.is_dir() and path not in parts.values()]
    if others := [name for name in others if not name.startswith(".")]:
        raise FolderError(
            f"{folder}: expected nothing beside {' and '.join(path.name for path in parts.values())} that would be left out,"
            f" received {', '.join(others[:SHOWN])}. Move these folders elsewhere."
        )
    return {part: _of_classes(path, endings) for part, path in parts.items()}


def _of_classes(folder: Path, endings: Collection[str]) -> ClassFiles:
    files = files_below(folder)
    wanted = [path for path in files if path.suffix.lower() in endings]
    loose = [path for path in wanted if path.parent == folder]
    if loose:
        raise FolderError(
            f"{folder}: expected files in a folder for each class, received {len(loose)} beside these folders"
            f" ({_shown(loose)}). Move them into one, or out of {folder.name}."
        )
    if left := [path for path in files if path.suffix.lower() not in endings]:
        log.info("%s: %d files that end otherwise are not used (%s)", folder, len(left), _shown(left))
    folders = [path for path in sorted(folder.glob("*")) if path.is_dir() and not path.name.startswith(".")]
    classes = [path.relative_to(folder).parts[0] for path in wanted]
    if empty := sorted({path.name for path in folders} - set(classes)):
        raise FolderError(
            f"{folder}: expected files that end in {', '.join(sorted(endings))} in each folder, received none in"
            f" {', '.join(empty[:SHOWN])}."
        )
    if not wanted:
        raise FolderError(f"{folder}: expected a folder for each class with files in it, received none.")
    return ClassFiles(wanted, classes)


def _shown(paths: list[Path]) -> str:
    return ", ".join(path.name for path in paths[:SHOWN]) + (", …" if len(paths) > SHOWN else "")
