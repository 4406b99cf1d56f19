"""Patterns that match the names of a plan. Standard library only, because every job of a cluster run parses it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby


def any_of(names: Iterable[str]) -> str:
    """A regular expression for any of these names, as a tree of their letters: one after another, each of ten thousand names
    would be compared with up to ten thousand."""
    return _tree(sorted(set(names)))


def _tree(names: list[str]) -> str:
    """Of sorted names, of which the shortest may be empty."""
    if len(names) == 1:
        return re.escape(names[0])
    branches = [
        re.escape(letter) + _tree([name[1:] for name in group])
        for letter, group in groupby(filter(None, names), key=lambda name: name[0])
    ]
    inside = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return f"(?:{inside})?" if "" in names else inside
