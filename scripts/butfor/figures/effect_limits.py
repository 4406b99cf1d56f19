"""How far an axis of effects goes, so that a few that lie far outside the others do not squeeze them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median_low

from butfor.verdicts.rows import REFUSED, ContrastRow

WIDE, FEW = 5.0, 4  # times a typical reach, up to which the axis shows all; of so few ablations, WIDE_OF_FEW times
WIDE_OF_FEW = 8.0
GAP, GAP_WHEN_WIDE = 3.0, 1.5  # between reaches, beyond which the axis ends


def limits_of(
    rows: Sequence[ContrastRow], by_seed: Mapping[str, list[float]], margin: float | None
) -> tuple[float, float]:
    """Both ends of the axis, of which those without a verdict do not say what is typical. by_seed: paired differences per arm."""
    known = [row for row in rows if row["effect"] is not None]
    ends = [_ends(row, by_seed.get(row["arm"], [])) for row in known]
    judged = [pair for row, pair in zip(known, ends, strict=True) if row["verdict"] not in REFUSED] or ends
    typical = max(1.5 * (margin or 0.0), median_low([max(abs(end) for end in pair) for pair in judged] or [0.0])) or 1.0
    return -_edge([-end for end, _ in ends], typical), _edge([end for _, end in ends], typical)


def _ends(row: ContrastRow, seeds: list[float]) -> tuple[float, float]:
    """How far an ablation reaches to both sides, with its interval, of a single pair none, and its seeds."""
    known = [value for value in (row["effect"], row["low"], row["high"], *seeds) if value is not None]
    return min(known), max(known)


def _edge(reaches: list[float], typical: float) -> float:
    """How far one side of the effects' axis goes: to the end, unless a typical effect would then take too small a part of it; if
    so, to the first wide gap, and effects beyond are written, not drawn."""
    edge, far = typical, max([typical, *reaches])
    if far <= (WIDE if len(reaches) > FEW else WIDE_OF_FEW) * typical:
        return 1.08 * far
    for reach in sorted(reaches):
        if reach > GAP * edge or (reach > WIDE * typical and reach > GAP_WHEN_WIDE * edge):
            break
        edge = max(edge, reach)
    return 1.08 * edge
