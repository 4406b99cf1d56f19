"""Reading a record: the words and comparisons that several footprints share."""

from __future__ import annotations

import math
from typing import Any

from butfor.records.record import Record

LARGEST = 1.7e38  # half of the largest float32
CHANCE = 6.0  # standard errors that what was drawn may be off


def own(r: Record) -> bool:
    """Whether the model is the user's own, of which butfor knows only what its file declares."""
    return ":" in r.recipe["model"]["name"]


def start(r: Record) -> list[dict[str, Any]]:
    """The layers with kernels before any step."""
    return r.layers["start"]


def listed(values: list[Any], most: int = 4) -> str:
    """At most so many values, written short."""
    words = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in values]
    return ", ".join(words if len(words) <= most else [*words[:2], "…", words[-1]]) or "none"


def differs(measured: float, expected: float, tolerance: float = 1e-4) -> bool:
    """Whether a measured figure is off by more than rounding; where none was to be expected (NaN), none is, and what float32
    cannot hold is infinite."""
    if abs(expected) > LARGEST and math.isinf(measured):
        return False
    return not math.isnan(expected) and not math.isclose(measured, expected, rel_tol=tolerance, abs_tol=1e-9)
