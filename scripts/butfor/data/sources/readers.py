"""The readers of data by the name of their source, as `data.name` gives it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data import fetch, own_arrays, published
from butfor.data.catalogue import PUBLISHED
from butfor.data.dataset import Array
from butfor.data.official_validation import wanted
from butfor.data.own_arrays import with_groups
from butfor.data.place_digests import place_digests
from butfor.data.sources.brought import Brought
from butfor.data.sources.npy_folder import from_npy_folder
from butfor.process.time_limit import time_limit
from butfor.user_code import call
from butfor.user_code.files_read import FilesRead, noticed
from butfor.user_code.location import is_own

Settings = dict[str, Any]


def brought(settings: Settings, store: Path, scratch: Path, max_minutes: float | None) -> Brought:
    """The data set that a study's `data` names. store: the folder for downloads; scratch: for what is too large for memory.
    max_minutes: see time_limit, for a function of the user's own. Raises FetchError, DataError or OwnCodeError."""
    name = settings["name"]
    if is_own(name):
        return _from_function(settings, scratch, max_minutes)
    if name in PUBLISHED:
        unpacked: dict[str, bytes] = {}
        place, files = fetch.find(PUBLISHED[name], settings["folder"], settings["download"], store, unpacked)
        return Brought(published.read(name, files, unpacked), place)
    return READERS[name]({**settings, "scratch": scratch})


def _from_function(settings: Settings, scratch: Path, max_minutes: float | None) -> Brought:
    name = settings["name"]
    errors = call.attribute_errors_to(name, "loading the data")
    with time_limit(max_minutes, f"{name}()"), errors, noticed(name) as read:
        arrays = own_arrays.from_function(
            name, settings["arrays"], scratch, *wanted(settings), task=settings.get("task", "auto")
        )
    return Brought(with_groups(arrays, settings), f"{name}()", read)


def _npz(settings: Settings) -> Brought:
    arrays = own_arrays.from_file(Path(settings["file"]).expanduser(), settings["arrays"], *wanted(settings))
    return Brought(with_groups(arrays, settings), str(settings["file"]), FilesRead(place_digests(settings, "file")))


def _digits(_: Settings) -> Brought:
    """Scikit-learn's 1 797 images of 8x8 pixels; the test set is always the last fifth."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images * (255 / 16)).round().astype(np.uint8)
    labels = digits.target.astype(np.int32)
    cut = len(images) * 4 // 5
    arrays: dict[str, Array] = {
        "x_train": images[:cut], "y_train": labels[:cut], "x_test": images[cut:], "y_test": labels[cut:]
    }  # fmt: skip
    return Brought(arrays, "scikit-learn (its values of 0 to 16 are stored as 0 to 255)")


# Their libraries are imported by whom they bring data: pandas alone takes as long as reading Fashion-MNIST.
def _table(settings: Settings) -> Brought:
    from butfor.data.sources.table_source import from_table

    return from_table(settings)


def _images(settings: Settings) -> Brought:
    from butfor.data.sources.images import from_images

    return from_images(settings)


def _texts(settings: Settings) -> Brought:
    from butfor.data.sources.texts import from_texts

    return from_texts(settings)


READERS: dict[str, Callable[[Settings], Brought]] = {
    "digits": _digits,
    "npz": _npz,
    "npy": from_npy_folder,
    "csv": _table,
    "parquet": _table,
    "images": _images,
    "texts": _texts,
}
