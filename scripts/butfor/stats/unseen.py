"""What no test can see: a collapse that is not among the runs. How often it may happen all the same, and what later runs show."""

from __future__ import annotations

import math

from butfor.stats.contrast import Contrast


def most_unseen(runs: int, level: float = 0.95) -> float:
    """The largest share of an arm's runs that may end in some way which none of `runs` did (exact binomial bound).

    About 3 / runs at 95 % (the rule of three; Hanley and Lippman-Hand 1983, JAMA 249:1743). 1 without runs.
    """
    return 1 - (1 - level) ** (1 / runs) if runs > 0 else 1.0


def still_holds(c: Contrast, shift: float, higher_is_better: bool = True) -> bool:
    """Whether a verdict's effect would still be on its side, or within the margin, were it measured against all runs that
    the reference has by now; `shift`: their mean less that of those in the contrast, in the metric's unit.

    An ablation that is settled gets no more seeds, its reference often does; where a reference collapses in one run of
    twenty, those seeds are the ones that show it. Taking a verdict back can make none wrong.
    """
    if math.isnan(shift):
        return True
    effect = c.effect - shift
    if c.verdict == "no meaningful difference":
        return c.margin is None or abs(effect) < c.margin
    if c.verdict in ("helps", "hurts"):
        return effect != 0 and (c.verdict == "helps") == ((effect > 0) == higher_is_better)
    return True
