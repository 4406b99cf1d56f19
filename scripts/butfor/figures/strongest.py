"""The ablations that a picture shows where a study has more of them than it can: those with the largest effects."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from butfor.languages.phrases import phrase
from butfor.verdicts.rows import ContrastRow


def strongest(arms: Sequence[str], rows: Iterable[ContrastRow], most: float) -> list[str]:
    """At most so many of the arms, in their order: those with the largest effects in `rows`; a verdict without an effect,
    which rests on failures, counts as larger than any.
    """
    sizes = {row["arm"]: _size(row) for row in rows}
    ordered = sorted(arms, key=lambda arm: sizes.get(arm, -1.0), reverse=True)
    names = {arm for place, arm in enumerate(ordered) if place < most}
    return [arm for arm in arms if arm in names]


def which_are_shown(count: int, most: float) -> str:
    """Which of so many ablations a picture shows, in a sentence; empty if it shows all."""
    if count <= most:
        return ""
    return phrase("Shown are the {most} of {count} ablations with the largest effects.", most=f"{most:g}", count=count)


def _size(row: ContrastRow) -> float:
    if row["effect"] is not None:
        return abs(row["effect"])
    return math.inf if row["verdict"] in ("helps", "hurts") else -1.0
