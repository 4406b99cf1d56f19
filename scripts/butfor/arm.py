"""An arm of a study: a recipe with a name; and when two recipes are the same.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

Recipe = dict[str, Any]


@dataclass(frozen=True)
class Arm:
    """One trained recipe with a name; `changed` are the recipe keys in which it departs from its reference.

    grid, levels: for a cell of a grid, the grid's name and the name of the level of each key.
    """

    name: str
    recipe: Recipe
    reference: str | None = None
    family: str = ""
    changed: tuple[str, ...] = ()
    grid: str = ""
    levels: tuple[tuple[str, str], ...] = ()


def canonical(value: Any) -> Any:
    """The same value in one spelling: keys sorted, tuples as lists, so that equal recipes compare equal."""
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    return value


def fingerprint(value: Any) -> str:
    """16 hexadecimal digits that stand for a plain value: equal for equal values, whatever the order of keys."""
    return hashlib.sha256(json.dumps(canonical(value), sort_keys=True).encode()).hexdigest()[:16]
