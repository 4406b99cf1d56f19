"""Footprints of what a model makes of columns of categories."""

from __future__ import annotations

from butfor.checks.footprints.reading import listed, own, start
from butfor.recipe.categories import widths
from butfor.records.record import Record


def categories_trace(r: Record) -> str:
    vectors = _vectors(r)
    taken = f", {start(r)[0]['shape'][0]} inputs of {start(r)[0]['layer']}" if start(r) else ""
    return (f"vectors of {listed(vectors)}" if vectors else "columns of 0 and 1") + taken


def categories_fault(r: Record) -> str:
    sizes = list(r.data.get("categorical", {}).values())
    if own(r) or not sizes:
        return ""
    expected, received = widths(r.recipe, sizes), _vectors(r)
    if received != expected:
        return f"expected vectors of {listed(expected)}, received {listed(received)}"
    columns = sum(row["shape"][-1] for row in r.structure if row["class"] == "InputLayer") - len(sizes)
    columns += sum(expected or [size - 1 for size in sizes])
    if (taken := start(r)[0]["shape"][0]) != columns:
        return f"expected {columns} columns into {start(r)[0]['layer']}, received {taken}"
    return ""


def _vectors(r: Record) -> list[int]:
    """How long the vectors of each embedding are."""
    return [row["shape"][-1] for row in r.structure if row["class"] == "Embedding"]
