"""The arrays of an .npz file that is not compressed: where each lies in it, so that they need not be read whole."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from butfor.data.streamed_array import OpenFile, StreamedArray

HEADER = 30  # bytes of a file's own header in a zip archive, before its name and what else is said of it


def streamed_arrays(path: Path, names: Iterable[str]) -> dict[str, StreamedArray]:
    """These arrays of a file, none of which is read. Raises what zipfile and NumPy raise for a damaged file, and KeyError."""
    file = OpenFile(path)
    with zipfile.ZipFile(path) as archive:
        return {name: _placed(file, archive, archive.getinfo(f"{name}.npy")) for name in names}


def _placed(file: OpenFile, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> StreamedArray:
    with archive.open(member) as stream:
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, by_columns, dtype = read[np.lib.format.read_magic(stream)](stream)
        before = stream.tell()
    whole = before + dtype.itemsize * int(np.prod(shape, dtype=np.int64)) == member.file_size
    if member.compress_type != zipfile.ZIP_STORED or by_columns or dtype.hasobject or not whole:
        raise ValueError(f"{member.filename} is not a plain array in rows")
    header = bytearray(HEADER)
    file.fill(memoryview(header), [(0, HEADER, member.header_offset)])
    name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (HEADER - 4, HEADER - 2))
    return StreamedArray(file, shape, dtype, member.header_offset + HEADER + name + extra + before)
