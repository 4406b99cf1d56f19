"""Patterns that match the names of a plan. Standard library only, because every job of a cluster run parses it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby


def any_of(names: Iterable[str]) -> str:
    """A regular expression for any of these names, as a tree of their letters: one after another, each of ten thousand names
    would be compared with up to ten thousand. Letters that the same endings follow share a branch, because Snakemake reads the
    expression anew for every file of every job: of ten thousand numbered names it has 25 kB without, and 0.2 kB so."""
    return _tree(sorted(set(names)))


def _tree(names: list[str]) -> str:
    """Of sorted names, of which the shortest may be empty."""
    if len(names) == 1:
        return re.escape(names[0])
    letters_before: dict[str, list[str]] = {}
    for letter, group in groupby(filter(None, names), key=lambda name: name[0]):
        letters_before.setdefault(_tree([name[1:] for name in group]), []).append(re.escape(letter))
    branches = [_one_of(letters) + ending for ending, letters in letters_before.items()]
    inside = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return f"(?:{inside})?" if "" in names else inside


def _one_of(letters: list[str]) -> str:
    return letters[0] if len(letters) == 1 else f"[{''.join(letters)}]"
