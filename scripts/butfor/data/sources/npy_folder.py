"""A folder of .npy files as a source of data, an array each: mapped into memory, so that they may be larger than it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import Array, DataError
from butfor.data.official_validation import wanted
from butfor.data.own_arrays import array_names, refuse_objects, with_groups
from butfor.data.place_digests import place_digests
from butfor.data.several_inputs import nested
from butfor.data.sources.brought import Brought
from butfor.user_code.files_read import FilesRead


def from_npy_folder(settings: dict[str, Any]) -> Brought:
    """The arrays of a folder, of several inputs those in folders of it (x_train/image.npy); inputs stay on disk. settings: the
    study's `data`. Raises DataError."""
    read, folder = FilesRead(place_digests(settings, "folder")), settings["folder"]
    named, needed = settings["arrays"], wanted(settings)
    called = [str(named.get(key, key)) for part in needed for key in part]
    paths = [*Path(folder).glob("*.npy"), *(path for name in called for path in Path(folder, name).glob("*.npy"))]
    mapped = {path.relative_to(folder).with_suffix("").as_posix(): _mapped(path) for path in sorted(paths)}
    names = array_names(
        {name: array.shape for name, array in mapped.items()},
        named,
        folder,
        *needed,
    )
    arrays: dict[str, Any] = nested({key: mapped[name] for key, name in names.items()})
    arrays |= {key: np.array(array) for key, array in arrays.items() if not key.startswith("x_")}
    return Brought(with_groups(arrays, settings), folder, read)


def _mapped(path: Path) -> Array:
    try:
        with path.open("rb") as file:
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            dtype = read[np.lib.format.read_magic(file)](file)[2]
        refuse_objects(str(path.parent), {path.stem: dtype})
        mapped: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        return mapped
    except DataError:
        raise
    except Exception as failure:  # what NumPy raises for a damaged file is not documented
        raise DataError(
            f"{path}: expected a whole .npy file of numbers or text: {' '.join(str(failure).split())}"
        ) from failure
