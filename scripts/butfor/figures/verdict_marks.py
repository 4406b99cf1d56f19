"""The mark that stands for a verdict: its colour, and a shape that says the same in grey print and to the colour-blind."""

from __future__ import annotations

from typing import Any

from butfor.figures import style
from butfor.verdicts.rows import UNJUDGED, UNPROVEN, VOID, Verdict

GREY = 7
VERDICT_COLOURS: dict[Verdict, int] = {
    "helps": 2,
    "hurts": 3,
    "no meaningful difference": 0,
    "inconclusive": GREY,
    UNPROVEN: 1,
    VOID: 5,
    UNJUDGED: GREY,
}


def colour_of(verdict: str) -> Any:
    """The colour that stands for a verdict."""
    return style.PALETTE[VERDICT_COLOURS.get(verdict, GREY)]  # type: ignore[call-overload]


def mark_of(verdict: str, size: float) -> dict[str, Any]:
    """How its point looks: filled where an ablation is shown to differ, open where it is shown not to, a cross where neither, and
    an open square where there is no verdict."""
    colour = colour_of(verdict)
    look = {"linestyle": "", "markersize": size, "markeredgewidth": 0.22 * size, "color": colour}
    if verdict in ("helps", "hurts"):
        return {**look, "marker": "o"}
    if verdict == "no meaningful difference":
        return {**look, "marker": "o", "markerfacecolor": "white"}
    if verdict == "inconclusive":
        return {**look, "marker": "X", "markeredgewidth": 0}
    return {**look, "marker": "s", "markerfacecolor": "white"}
