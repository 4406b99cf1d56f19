"""The decision after a look: which ablations are settled, what the next one trains, and what is known of each ablation, as the
terminal shows it while a study runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from butfor.verdicts.numbers import signed, within

if TYPE_CHECKING:
    from butfor.stats import Contrast


class SoFar(TypedDict):
    """A verdict, whether it stands, and the effect as it is written."""

    verdict: str
    settled: bool
    effect: str


class Decision(TypedDict):
    """What follows a look that is not the last (see next_look.after)."""

    look: str
    seen: int
    settled: int
    ablations: int
    undecided: list[str]
    given_up: NotRequired[list[str]]  # earlier versions counted them among the settled
    following: int
    next: list[str]
    runs: int
    hours: float
    stopped: str
    verdicts: NotRequired[dict[str, SoFar]]  # earlier versions wrote none


def so_far(judged: Contrast, decimals: int) -> SoFar:
    """That of an ablation. decimals: how many its metric usually has."""
    decimals = within(judged.low, judged.high, decimals)
    return {"verdict": judged.verdict, "settled": judged.settled, "effect": signed(judged.effect, decimals)}
