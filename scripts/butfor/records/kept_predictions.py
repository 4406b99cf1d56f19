"""The predictions of a run's final weights, kept beside its record: an array for each part of the data, `(n, …)`, by row.

A run that diverged predicts nothing and leaves an empty file, so that it is known not to lack them. Standard library only,
but for NumPy where arrays are written or read.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from butfor.file_digests import file_digest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

SUFFIX = ".predictions.npz"


def beside(record: Path) -> Path:
    """The file of the predictions of the run whose record is in a file."""
    return record.with_name(f"{record.stem}{SUFFIX}")


def holds(record: Path, parts: Iterable[str]) -> bool:
    """Whether the run whose record is in a file has left its predictions on these parts of the data."""
    if not (wanted := set(parts)):
        return True
    try:
        with zipfile.ZipFile(beside(record)) as file:
            there = {name.removesuffix(".npy") for name in file.namelist()}
    except (OSError, zipfile.BadZipFile):
        return False
    return not there or wanted <= there


def write(record: Path, arrays: Mapping[str, Array]) -> None:
    """Write predictions beside the record, completely or not at all."""
    import numpy as np

    path = beside(record)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with part.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    part.replace(path)


def read(record: Path) -> dict[str, Any]:
    """The predictions beside a record by part of the data. Raises OSError, ValueError or BadZipFile where they are damaged."""
    import numpy as np

    with np.load(beside(record), allow_pickle=False) as file:
        return {part: file[part] for part in file.files}


def digest(record: Path) -> str:
    """What stands for the content of the file of predictions."""
    return file_digest(str(beside(record)))
