"""The arrays that a user brings, in a file or from a function, under names of their own or butfor's."""

from __future__ import annotations

import logging
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import ARRAYS, WEIGHTS, DataError
from butfor.data.file_kinds import told_kind
from butfor.data.folds import GROUPS
from butfor.data.several_inputs import SEPARATOR, flat, nested
from butfor.data.sources.batch_streams import read_streams, streams_of
from butfor.process.memory_limit import memory_limit
from butfor.user_code import call

NOT_USED = "arrays of the file that are not used: %s"
DATA_WORDS = re.compile(r"val|dev|weight|train|test|extra|unlabel", re.IGNORECASE)
INPUTS = {"x", "xs", "image", "images", "data", "input", "inputs", "feature", "features", "sample", "samples", "pixels"}
LABELS = {"y", "ys", "label", "labels", "target", "targets", "class", "classes"}
Names = tuple[str, ...]
Shapes = Mapping[str, tuple[int, ...]]
Named = Mapping[str, str | dict[str, str]]  # what arrays are called by a user; of several inputs for each
log = logging.getLogger(__name__)


def from_file(path: Path, named: Named, wanted: Names = ARRAYS, optional: Names = ()) -> dict[str, Any]:
    """The `wanted` arrays of an .npz file, and the `optional` and w_train that there are; inputs as one array or several. named:
    what the file calls those that it calls otherwise. Raises DataError."""
    if not path.is_file():
        raise DataError(f"data.file: expected an .npz file, received {path}, which is not there.")
    try:
        with zipfile.ZipFile(path) as archive:
            headers = _headers(path, archive)
        names = array_names({name: shape for name, (shape, _) in headers.items()}, named, str(path), wanted, optional)
        refuse_objects(path, {name: headers[name][1] for name in names.values()})
        with np.load(path, allow_pickle=False) as stored:
            return nested({key: stored[name] for key, name in names.items()})
    except DataError:
        raise
    except Exception as failure:  # what NumPy raises for a damaged or malicious file is not documented
        reason = " ".join(f"{failure or type(failure).__name__}".split())
        kind = told_kind(path)
        raise DataError(kind or f"{path}: expected a whole .npz file of plain arrays: {reason}") from failure


def from_function(
    name: str, named: Named, scratch: Path, wanted: Names = ARRAYS, optional: Names = (), task: str = "auto"
) -> dict[str, Any]:
    """The `wanted` arrays that the user's function returns, and the `optional` that there are: by name, or the four of ARRAYS in
    their order or in pairs as Keras's data sets come, with inputs as one array, or several in a dictionary or tuple; where a test
    part is optional, also two alone; or as streams (see batch_streams), for which there is the folder `scratch`. task: the
    study's. Raises DataError."""
    returned = call.load(name)()
    if streams := streams_of(returned):
        returned, named = read_streams(streams, name, scratch, task), {}
    if isinstance(returned, tuple | list) and _are_pairs(returned):
        returned = [array for pair in returned for array in pair]
    if isinstance(returned, tuple | list) and len(returned) == 2 and optional:
        returned, named = dict(zip(ARRAYS, returned, strict=False)), {}
    if isinstance(returned, tuple | list) and len(returned) in (len(ARRAYS), len(ARRAYS) + 1):
        returned = dict(zip((*ARRAYS, WEIGHTS), returned, strict=False))
        named = {}
    if not isinstance(returned, dict):
        received = f"{type(returned).__name__}" + (f" of {len(returned)}" if isinstance(returned, tuple | list) else "")
        raise DataError(
            f"{name}: expected it to return {', '.join(ARRAYS)}, as four arrays or as a dictionary, or streams for train"
            f" and test, received a {received}."
        )
    by_name = flat(_by_name(returned, name))
    arrays = {key: x if isinstance(x, np.memmap) else np.asarray(x) for key, x in by_name.items()}
    names = array_names({key: array.shape for key, array in arrays.items()}, named, name, wanted, optional)
    return nested({key: arrays[array] for key, array in names.items()})


def with_groups(arrays: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The arrays, with that of the groups that stay in one fold as `groups`; what `data.groups` names as well stays beside it.
    settings: the study's `data`."""
    name, for_metrics = (settings.get("folds") or {}).get("groups"), settings.get("groups")
    if not name:
        return arrays
    given = f"{name}_train" if name == for_metrics else name
    kept = {key: array for key, array in arrays.items() if key != given or key == f"{for_metrics}_train"}
    return {**kept, GROUPS: arrays[given]}


def _are_pairs(returned: Sequence[Any]) -> bool:
    """Whether two pairs are returned, of inputs and targets each, and not four things of which inputs are pairs."""
    return len(returned) == 2 and all(isinstance(part, tuple) and len(part) == 2 for part in returned)


def _by_name(returned: Mapping[Any, Any], source: str) -> dict[str, Any]:
    """The same with several inputs in dictionaries: those of a tuple or list are called input_1, input_2, …"""
    lengths = {len(value) for value in returned.values() if isinstance(value, np.ndarray) and value.ndim}
    arrays: dict[str, Any] = {}
    for key, value in returned.items():
        if isinstance(value, tuple | list) and _are_several(value, lengths):
            value = {f"input_{number}": each for number, each in enumerate(value, start=1)}
        if isinstance(value, Mapping):
            value = {str(name): each for name, each in value.items()}
            if wrong := [name for name in value if not name or SEPARATOR in name]:
                raise DataError(
                    f"{source}: expected names of inputs without {SEPARATOR}, received {wrong[0]!r} in {key}."
                )
        arrays[str(key)] = value
    return arrays


def _are_several(value: Sequence[Any], lengths: set[int]) -> bool:
    """Whether arrays in a sequence are inputs, each as long as some other array, and not the examples of one."""
    return (
        len(value) not in lengths
        and bool(value)
        and all(isinstance(each, np.ndarray) and each.ndim > 0 and len(each) in lengths for each in value)
    )


def array_names(
    shapes: Shapes, named: Named, source: str, wanted: Names = ARRAYS, optional: Names = ()
) -> dict[str, str]:
    """What each of the `wanted` is called among those found, and of the `optional` that are there, of several inputs each as
    `x_train/image`. Raises DataError for what is missing, or would be left out silently."""
    there = {name.partition(SEPARATOR)[0] for name in shapes}
    further = [key for key in optional if not isinstance(named.get(key), str) or named[key] in shapes]
    further = [key for key in further if key in named or key in there]
    wanted = (*wanted, *further, *([WEIGHTS] if WEIGHTS in named or WEIGHTS in shapes else []))
    names = {key: name for part in wanted for key, name in _names(part, named.get(part, part), shapes, source)}
    missing = [name for name in names.values() if name not in shapes]
    if missing:
        raise DataError(
            f"{source}: expected arrays {', '.join(wanted)}, missing {', '.join(missing)}; found {_listed(shapes)}."
            f" {_remedy(shapes, wanted)}"
        )
    others = {name: shape for name, shape in shapes.items() if name not in names.values()}
    lengths = {shapes[name][0] for name in names.values() if shapes[name]}
    data = [name for name, shape in others.items() if DATA_WORDS.search(name) or (shape[:1] and shape[0] in lengths)]
    if data and not named:
        raise DataError(
            f"{source}: expected nothing beside {', '.join(wanted)} that would be left out, received {', '.join(data)}."
            " butfor draws the validation part from x_train anew for each seed (data.validation says how large): for a"
            " validation part of your own, x_val and y_val, write data: {validation: official}. Leave out what is not to be used,"
            f" or list what is: data: {{arrays: {{x_train: x_train, …}}}}. Weights of examples are w_train."
        )
    if others:
        log.info(NOT_USED, _listed(others))
    return names


def _names(part: str, called: str | dict[str, str], shapes: Shapes, source: str) -> Iterator[tuple[str, str]]:
    """The arrays that make up a part, each with what it is called."""
    if isinstance(called, dict):
        yield from ((f"{part}{SEPARATOR}{name}", array) for name, array in called.items())
        return
    inside = [] if called in shapes else [name for name in shapes if name.startswith(called + SEPARATOR)]
    if inside and not part.startswith("x"):
        raise DataError(
            f"{source}: expected {part} as one array, received several, {', '.join(inside)}. Join them as columns of one:"
            " np.column_stack([…])."
        )
    yield from ((part + name.removeprefix(called), name) for name in inside or [called])


def _listed(shapes: Shapes) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in list(shapes.items())[:20]) or "none"


def _remedy(present: Iterable[str], wanted: Names) -> str:
    """The line that names the arrays, as far as their names tell which they are."""
    meant = {key: [name for name in present if _key(name) == key] for key in wanted}
    if all(len(names) == 1 for names in meant.values()):
        pairs = ", ".join(f"{key}: {names[0]}" for key, names in meant.items() if names[0] != key)
        return f"Write data: {{…, arrays: {{{pairs}}}}}."
    if {"x_test", "y_test"} <= meant.keys() and not meant["x_test"] and not meant["y_test"]:
        return "Split a test part off, once for the whole study, and store both parts."
    return (
        "Name those that are meant: data: {…, arrays: {x_train: <name>, …}}, or of several inputs"
        " x_train: {image: <name>, table: <name>}."
    )


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
            f"{path}: expected arrays that fit into {memory / 2**30:.3g} GiB of memory, received {total / 2**30:.3g}. Store each"
            " by np.save in a folder of its own, and write data: {name: npy, folder: …}: those are read from disk."
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
