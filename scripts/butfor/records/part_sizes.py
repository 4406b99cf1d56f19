"""How many examples of each part of its data a run had, which an arm may change and folds make differ. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable

from butfor.records.record import Record

PARTS = ("train", "validation", "test")
Sizes = dict[str, tuple[int, int]]  # by part, the fewest examples and the most that a run of an arm had


def arms_by_sizes(records: Iterable[Record]) -> list[tuple[Sizes, list[str]]]:
    """The sizes that there are, each with the names of its arms; sizes and arms in the order of the records."""
    runs: dict[str, list[Record]] = {}
    for record in records:
        runs.setdefault(record.arm, []).append(record)
    by_sizes: list[tuple[Sizes, list[str]]] = []
    for arm, own in runs.items():
        sizes = {part: _ends(record.data.get(part, 0) for record in own) for part in PARTS}
        alike = next((arms for known, arms in by_sizes if known == sizes), None)
        if alike is None:
            by_sizes.append((sizes, [arm]))
        else:
            alike.append(arm)
    return by_sizes


def _ends(counts: Iterable[int]) -> tuple[int, int]:
    numbers = list(counts)
    return min(numbers), max(numbers)
