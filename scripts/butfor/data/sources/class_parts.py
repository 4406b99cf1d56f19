"""The training and the test part of a folder of files by class: its own, or split off as the study says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.class_folders import WHOLE, ClassFiles, class_files
from butfor.data.dataset import Array
from butfor.data.sources.test_part import test_rows, test_words


def class_parts(settings: dict[str, Any], endings: set[str]) -> tuple[dict[str, ClassFiles], str]:
    """The files of each part, and in words where the parts come from. settings: the study's `data`. Raises FolderError or
    DataError."""
    folder = Path(settings["folder"])
    parts = class_files(folder, endings)
    if WHOLE not in parts:
        return parts, f"{len(parts['test'].paths)} test examples from its folder"
    whole, test = parts[WHOLE], settings["test"]
    if not test:  # folds of the whole
        return {"train": whole}, f"{len(whole.paths)} examples"
    classes = np.array(whole.classes) if test["by"] == "stratified" else None
    chosen = test_rows(test, classes, None, len(whole.paths), str(folder))
    return {"train": _some(whole, ~chosen), "test": _some(whole, chosen)}, test_words(test, chosen)


def labels_of(files: ClassFiles) -> Array:
    """The classes as labels: the names of the folders, as numbers where all are whole numbers."""
    if all(name.isdecimal() and name.isascii() for name in files.classes):
        return np.array(files.classes).astype(np.int64)
    return np.array(files.classes)


def _some(files: ClassFiles, chosen: Array) -> ClassFiles:
    rows = np.flatnonzero(chosen)
    return ClassFiles([files.paths[row] for row in rows], [files.classes[row] for row in rows])
