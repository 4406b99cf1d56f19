"""Whether what YAML made of a study file can be worked with: plain values, in a tree of ordinary size.

Aliases let a few lines stand for billions of values, or for a list that holds itself; whoever walks through those never
comes to an end.
"""

from __future__ import annotations

import math
from typing import Any

from butfor.errors import StudyFileError

MOST = 1_000_000  # values in all, as if every alias were written out
DEEPEST = 30
LARGEST = 2**63
KINDS = (str, bool, int, float, type(None))


class PlainValuesError(StudyFileError):
    """A study file that is no tree of plain values, or one beyond all measure."""


def check(config: dict[str, Any]) -> None:
    """Raise PlainValuesError if the values of a study file are too many, too deep, too large or of a strange kind."""
    if _size(config, {}, "", 0) > MOST:
        raise PlainValuesError(
            f"The study file stands for more than {MOST} values, or goes deeper than {DEEPEST} levels, or an alias (*name)"
            " holds itself. Write it without such aliases."
        )


def _size(value: Any, known: dict[int, float], path: str, depth: int) -> float:
    """How many values a value stands for; what is the same object is looked at once, and counted wherever it stands."""
    if not isinstance(value, dict | list):
        _check_leaf(value, path)
        return 1
    if depth > DEEPEST:
        return math.inf
    if id(value) not in known:
        known[id(value)] = math.inf  # until it is known, which it never is for what holds itself
        items = value.items() if isinstance(value, dict) else enumerate(value)
        known[id(value)] = 1 + sum(_size(item, known, _inside(path, key), depth + 1) for key, item in items)
    return known[id(value)]


def _inside(path: str, key: Any) -> str:
    if isinstance(key, int):
        _check_leaf(key, path)
    return f"{path}.{key}" if path else f"{key}"


def _check_leaf(value: Any, path: str) -> None:
    if isinstance(value, int) and not -LARGEST <= value < LARGEST:
        raise PlainValuesError(f"{path}: expected a number of at most 64 bits, received one of {value.bit_length()}.")
    if not isinstance(value, KINDS):
        raise PlainValuesError(
            f"{path}: expected text, a number, true, false, null, a list or a mapping, received {value!r} (YAML reads a"
            " bare date as a date, and !tags as what they say). Put it in quotes."
        )
