"""The check that a study file consists of plain values, in a tree of ordinary size.

YAML's aliases let a few lines stand for billions of values, or for a list that contains itself, which no program can walk
through.
"""

from __future__ import annotations

import math
from typing import Any

from butfor.errors import Place, StudyFileError

MOST = 1_000_000  # values in all, with every alias expanded
DEEPEST = 30  # levels
LARGEST = 2**63
KINDS = (str, bool, int, float, type(None))


class PlainValuesError(StudyFileError):
    """A study file that is not a tree of plain values, or one that is too large."""


def check(config: dict[str, Any]) -> None:
    """Raise PlainValuesError if the values of a study file are too many, too deep, too large or of an unknown type."""
    if _size(config, {}, (), 0) > MOST:
        raise PlainValuesError(
            f"The study file stands for more than {MOST} values, or goes deeper than {DEEPEST} levels, or an alias (*name)"
            " contains itself. Write it without such aliases."
        )


def _size(value: Any, sizes: dict[int, float], place: Place, depth: int) -> float:
    """The number of values that a value stands for; an object in several places is visited once and counted in each.

    sizes: by id, those of the objects visited so far.
    """
    if not isinstance(value, dict | list):
        _check_leaf(value, place)
        return 1
    if depth > DEEPEST:
        return math.inf
    if id(value) not in sizes:
        sizes[id(value)] = math.inf  # until its items are counted, which never ends for an object that contains itself
        items = value.items() if isinstance(value, dict) else enumerate(value)
        sizes[id(value)] = 1 + sum(_size(item, sizes, _inside(place, key), depth + 1) for key, item in items)
    return sizes[id(value)]


def _inside(place: Place, key: Any) -> Place:
    if isinstance(key, int):
        _check_leaf(key, place)
    return (*place, key)


def _check_leaf(value: Any, place: Place) -> None:
    path = ".".join(map(str, place))
    if isinstance(value, int) and not -LARGEST <= value < LARGEST:
        raise PlainValuesError(
            f"{path}: expected a number of at most 64 bits, received one of {value.bit_length()}.", place
        )
    if not isinstance(value, KINDS):
        raise PlainValuesError(
            f"{path}: expected text, a number, true, false, null, a list or a mapping, received {value!r} (YAML reads a"
            " bare date as a date, and a value after a !tag as that tag's type). Put it in quotes.",
            place,
        )
