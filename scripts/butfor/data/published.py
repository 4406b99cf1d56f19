"""The published files of the data sets in the catalogue, read as arrays."""

from __future__ import annotations

import pickle
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import ARRAYS, Array
from butfor.data.fetch import Files


def read(name: str, files: Files, unpacked: Mapping[str, bytes]) -> dict[str, Array]:
    """Images `(n, *image)`, uint8, and labels `(n,)`, int32, from a data set's verified files. unpacked: see fetch.find."""
    if name == "fashion_mnist":
        return _idx_files(unpacked)
    return {"mnist": _npz_images, "cifar10": _cifar10}[name](files)


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that refuses everything but NumPy arrays, for the only form in which CIFAR-10 is published for Python."""

    ALLOWED = ("_reconstruct", "ndarray", "dtype")

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] != "numpy" or name not in self.ALLOWED:
            raise pickle.UnpicklingError(f"expected arrays only, received {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _idx_files(unpacked: Mapping[str, bytes]) -> dict[str, Array]:
    def idx(name: str) -> Array:
        raw = unpacked[name]
        dimensions = raw[3]
        shape = np.frombuffer(raw, ">i4", dimensions, 4)
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)

    return {
        "x_train": idx("train-images-idx3-ubyte.gz"),
        "y_train": idx("train-labels-idx1-ubyte.gz").astype(np.int32),
        "x_test": idx("t10k-images-idx3-ubyte.gz"),
        "y_test": idx("t10k-labels-idx1-ubyte.gz").astype(np.int32),
    }


def _npz_images(files: Files) -> dict[str, Array]:
    with np.load(files["mnist.npz"], allow_pickle=False) as stored:
        return {key: stored[key] if key[0] == "x" else stored[key].astype(np.int32) for key in ARRAYS}


def _cifar10(files: Files) -> dict[str, Array]:
    parts: dict[str, list[Array]] = {key: [] for key in ARRAYS}
    with tarfile.open(files["cifar-10-python.tar.gz"]) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            batch = Path(member.name).name
            stream = archive.extractfile(member) if batch.startswith(("data_batch", "test_batch")) else None
            if stream is None:
                continue
            content = _ArraysOnly(stream, encoding="bytes").load()
            part = "test" if batch.startswith("test") else "train"
            parts[f"x_{part}"].append(content[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
            parts[f"y_{part}"].append(np.array(content[b"labels"], np.int32))
    return {key: np.concatenate(batches) for key, batches in parts.items()}
