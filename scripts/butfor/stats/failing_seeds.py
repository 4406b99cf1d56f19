"""How many more seeds would show that an arm fails more often than another."""

from __future__ import annotations

from functools import cache

from butfor.stats.contrast import Contrast
from butfor.stats.failing import FAILURES_SHARE
from butfor.stats.power import MOST_SEEDS
from butfor.stats.rule import Rule


def more_seeds_by_failures(c: Contrast, rule: Rule, ablations: float) -> int | None:
    """How many more runs of each arm would decide an undecided contrast by failures alone if both arms go on failing as often as
    they did.

    At most: at the strictest level that the correction may ask for, and by Fisher's exact test, which Boschloo's, the one that
    decides, is never weaker than and which can be had for thousands of runs. None where the arms failed equally often, or no
    number up to ten thousand would do.
    """
    judged = c.planned - c.missing
    often, seldom = max(c.failed_ablation, c.failed_reference), min(c.failed_ablation, c.failed_reference)
    if not judged or often == seldom:
        return None
    level = rule.alpha / (len(rule.looks) * ablations) * FAILURES_SHARE / 2

    def decides(runs: int) -> bool:
        """Of so many runs, failures rounded to the side that says less."""
        known = rule.independent_of(runs, runs)
        one = rule.independent_of(often * runs // judged, runs)
        other = min(rule.independent_of(-(-seldom * runs // judged), runs, up=True), known)
        return _p_fails_more(one, other, known) <= level

    times = next((times for times in _doubled(MOST_SEEDS // judged) if decides(times * judged)), None)
    if times is None:
        return None
    low, high = times // 2, times  # by whole multiples, where shares are what they are and p falls
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle * judged) else (middle, high)
    return next(runs for runs in range(max(low, 1) * judged, high * judged + 1) if decides(runs)) - judged


def _doubled(most: int) -> list[int]:
    return [*(2**power for power in range(max(most, 1).bit_length() - 1)), most] if most > 1 else [1]


@cache  # since the arms of a study failed in a few ways, and are asked about the same numbers of runs
def _p_fails_more(one: int, other: int, runs: int) -> float:
    """Fisher's exact test, one-sided, that one arm fails no more often than the other, of so many runs each."""
    if one <= other:
        return 1.0
    from scipy.stats import hypergeom  # here, as in failing

    return float(hypergeom.sf(one - 1, 2 * runs, one + other, runs))
