"""What a placebo shows, as comparison.json has it. Standard library only."""

from __future__ import annotations

from typing import TypedDict


class PlaceboRow(TypedDict):
    """A placebo against the baseline whose recipe it has: the numbers of their contrast, its verdict, and whether that is a
    difference (`shows`), which it must not be. See placebo_test."""

    arm: str
    reference: str
    metric: str
    unit: str
    decimals: int
    pairs: int
    effect: float | None
    low: float | None
    high: float | None
    margin: float | None
    verdict: str
    remark: str
    shows: bool
