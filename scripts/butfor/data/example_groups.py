"""The groups of examples: what a study's `data.groups` names, such as the patient of each, which is no input but which metrics of
the user's own may ask for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from butfor.data.dataset import Array, DataError
from butfor.fingerprint import digest, fingerprint

PARTS = ("train", "test", "val")


def array_names(groups: str | None, parts: Iterable[str]) -> tuple[str, ...]:
    """What the arrays of groups are called in a file or a function's answer: patient_train, patient_test, …"""
    return tuple(f"{groups}_{part}" for part in parts) if groups else ()


def of_arrays(arrays: dict[str, Array], groups: str | None) -> dict[str, Array]:
    """The groups by part among the arrays that a file or a function has brought, taken out of them."""
    return {part: arrays.pop(f"{groups}_{part}") for part in PARTS if groups and f"{groups}_{part}" in arrays}


def stored(brought: dict[str, Array], examples: dict[str, int], source: str) -> dict[str, Array]:
    """The groups as they are stored beside the examples: `groups_train`, which ends with those of an official validation part,
    and `groups_test`, as text or numbers `(n,)`; none where none were brought. examples: how many there are, by part. Raises
    DataError."""
    if not brought:
        return {}
    parts = {part: _plain(values) for part, values in brought.items()}
    if "val" in parts and len(parts["train"]) < examples["train"]:
        parts["train"] = np.concatenate([parts["train"], parts["val"]])
    examples = {part: count for part, count in examples.items() if count}  # of folds there may be no test part
    if lacking := [part for part in examples if part not in parts]:
        raise DataError(
            f"{source}: data.groups: expected groups of the {lacking[0]} part too, received none. Give an array of them."
        )
    for part, count in examples.items():
        shape = parts[part].shape
        if shape != (count,):
            raise DataError(
                f"{source}: data.groups: expected one for each of the {count} examples of the {part} part, received an array of"
                f" shape {shape}."
            )
    return {f"groups_{part}": parts[part] for part in examples}


def mark(groups: dict[str, Array]) -> str:
    """What stands for the content of stored groups."""
    return fingerprint([digest(array) for array in groups.values()])


def _plain(values: Any) -> Array:
    array = np.asarray(values)
    return array if array.dtype.kind in "biufUS" else array.astype(str)
