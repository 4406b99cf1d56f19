"""The arrays that a user brings, in a file or from a function, under names of their own or butfor's."""

from __future__ import annotations

import logging
import math
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import ARRAYS, Array, DataError
from butfor.data.file_kinds import told_kind
from butfor.process.memory_limit import memory_limit
from butfor.user_code import call

NOT_USED = "arrays of the file that are not used: %s"
DATA_WORDS = re.compile(r"val|dev|weight|train|test|extra|unlabel", re.IGNORECASE)
INPUTS = {"x", "xs", "image", "images", "data", "input", "inputs", "feature", "features", "sample", "samples", "pixels"}
LABELS = {"y", "ys", "label", "labels", "target", "targets", "class", "classes"}
Names = tuple[str, ...]
Shapes = Mapping[str, tuple[int, ...]]
log = logging.getLogger(__name__)


def from_file(path: Path, named: dict[str, str], wanted: Names = ARRAYS) -> dict[str, Array]:
    """The `wanted` arrays of an .npz file. named: what the file calls those that it calls otherwise. Raises DataError."""
    if not path.is_file():
        raise DataError(f"data.file: expected an .npz file, received {path}, which is not there.")
    try:
        with zipfile.ZipFile(path) as archive:
            headers = _headers(path, archive)
        names = array_names({name: shape for name, (shape, _) in headers.items()}, named, str(path), wanted)
        refuse_objects(path, {name: headers[name][1] for name in names.values()})
        with np.load(path, allow_pickle=False) as stored:
            return {key: stored[name] for key, name in names.items()}
    except DataError:
        raise
    except Exception as failure:  # what NumPy raises for a damaged or malicious file is not documented
        reason = " ".join(f"{failure or type(failure).__name__}".split())
        kind = told_kind(path)
        raise DataError(kind or f"{path}: expected a whole .npz file of plain arrays: {reason}") from failure


def from_function(name: str, named: dict[str, str], wanted: Names = ARRAYS) -> dict[str, Array]:
    """The `wanted` arrays that the user's function returns: by name, or the four of ARRAYS in their order or in pairs as Keras's
    data sets come. Raises DataError."""
    returned = call.load(name)()
    if isinstance(returned, tuple | list) and [len(part) for part in returned if isinstance(part, tuple)] == [2, 2]:
        returned = [array for pair in returned for array in pair]
    if isinstance(returned, tuple | list) and len(returned) == len(ARRAYS):
        returned = dict(zip(ARRAYS, returned, strict=True))
        named = {}
    if not isinstance(returned, dict):
        received = f"{type(returned).__name__}" + (f" of {len(returned)}" if isinstance(returned, tuple | list) else "")
        raise DataError(
            f"{name}: expected it to return {', '.join(ARRAYS)}, as four arrays or as a dictionary, received a {received}."
        )
    arrays = {str(key): np.asarray(value) for key, value in returned.items()}
    names = array_names({key: array.shape for key, array in arrays.items()}, named, name, wanted)
    return {key: arrays[array] for key, array in names.items()}


def array_names(found: Shapes, named: dict[str, str], source: str, wanted: Names = ARRAYS) -> dict[str, str]:
    """What each of the `wanted` is called among those found. Raises DataError for what is missing, or would be left out
    silently."""
    names = {key: named.get(key, key) for key in wanted}
    missing = [name for name in names.values() if name not in found]
    if missing:
        raise DataError(
            f"{source}: expected arrays {', '.join(wanted)}, missing {', '.join(missing)}; found {_listed(found)}."
            f" {_remedy(found, wanted)}"
        )
    others = {name: shape for name, shape in found.items() if name not in names.values()}
    lengths = {found[name][0] for name in names.values() if found[name]}
    data = [name for name, shape in others.items() if DATA_WORDS.search(name) or (shape[:1] and shape[0] in lengths)]
    if data and not named:
        raise DataError(
            f"{source}: expected nothing beside {', '.join(wanted)} that would be left out, received {', '.join(data)}."
            " butfor draws the validation part from x_train anew for each seed (data.validation says how large): for a"
            " validation part of your own, x_val and y_val, write data: {validation: official}. Leave out what is not to be used,"
            f" or list what is: data: {{arrays: {{x_train: {names['x_train']}, …}}}}."
        )
    if others:
        log.info(NOT_USED, _listed(others))
    return names


def _listed(found: Shapes) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in list(found.items())[:20]) or "none"


def _remedy(found: Iterable[str], wanted: Names) -> str:
    """The line that names the arrays, as far as their names tell which they are."""
    meant = {key: [name for name in found if _key(name) == key] for key in wanted}
    if all(len(names) == 1 for names in meant.values()):
        pairs = ", ".join(f"{key}: {names[0]}" for key, names in meant.items() if names[0] != key)
        return f"Write data: {{…, arrays: {{{pairs}}}}}."
    if not meant["x_test"] and not meant["y_test"]:
        return "Split a test part off, once for the whole study, and store both parts."
    return "Name those that are meant: data: {…, arrays: {x_train: <name>, …}}."


def _key(name: str) -> str:
    """Which array a name seems to mean; empty if it does not tell."""
    lower = name.lower()
    parts = [part for part, words in (("train", r"train|(?<![a-z])tr(?![a-z])"), ("test", r"test|(?<![a-z])te(?![a-z])"),
                                  ("val", r"val(id(ation)?)?|(?<![a-z])dev(?![a-z])"))
             if re.search(words, lower)]  # fmt: skip
    rest = re.sub(r"train(ing)?|test(ing)?|val(id(ation)?)?|dev|(?<![a-z])t[re](?![a-z])|[^a-z]", "", lower)
    kind = "x" if rest in INPUTS else "y" if rest in LABELS else ""
    return f"{kind}_{parts[0]}" if kind and len(parts) == 1 else ""


def _headers(path: Path, archive: zipfile.ZipFile) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """The shape and the type of each array, before anything is unpacked. Raises DataError unless each is as long as its header
    says, and all fit into memory."""
    memory, total, headers = memory_limit(), 0, {}
    for member in archive.infolist():
        total += member.file_size
        with archive.open(member) as stream:
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            shape, _, dtype = read[np.lib.format.read_magic(stream)](stream)
            declared = math.prod(shape) * dtype.itemsize
        headers[member.filename.removesuffix(".npy")] = shape, dtype
        if not dtype.hasobject and declared > member.file_size:
            raise DataError(
                f"{path}: expected whole arrays; {member.filename} says that it has {declared} bytes, and has"
                f" {member.file_size}."
            )
    if total > memory:
        raise DataError(
            f"{path}: expected arrays that fit into {memory / 2**30:.3g} GiB of memory, received {total / 2**30:.3g}."
        )
    return headers


def refuse_objects(path: Path | str, types: dict[str, Any]) -> None:
    """Raise DataError for arrays of Python objects. types: the type of each array by its name."""
    for name, dtype in types.items():
        if dtype.hasobject:
            kind = "'float32'" if "x" in name.lower() or "image" in name.lower() else "str"
            raise DataError(
                f"{path}: expected arrays of numbers or text, received Python objects in {name}, which only pickle could"
                f" read. Store it as {name}.astype({kind})."
            )
