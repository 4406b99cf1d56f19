"""Ablations judged look by look: those that are settled keep their verdict, the others get more seeds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from butfor.stats.contrast import Contrast, contrast
from butfor.stats.correction import correct
from butfor.stats.futility import is_futile
from butfor.stats.own_tail import own_tails
from butfor.stats.pairs import Pairs
from butfor.stats.rule import Rule
from butfor.stats.tails import tails
from butfor.stats.verdict import decide

Weights = Mapping[str, float]


def judge_pairs(
    at_looks: Mapping[str, Sequence[Pairs]], rule: Rule, weights: Weights | None = None
) -> dict[str, Contrast]:
    """Every ablation by name, given its pairs as of each look that it has had, the first look always.

    weights: shares of alpha by name, equal ones if none are given. At each look, the correction runs over the latest
    probabilities of all ablations, the settled ones' included. What is true is wrongly rejected only if, at one of the K
    looks, its own p is below alpha/K x the ablation's share of all that are open, so that the chance of any wrong verdict
    stays within alpha however looks and stops fall.
    """
    shares = weights or dict.fromkeys(at_looks, 1.0)
    total = sum(shares[name] for name in at_looks) + rule.others
    as_of: dict[str, Pairs] = {}
    latest: dict[str, Contrast] = {}
    judged: dict[str, Contrast] = {}
    for place in range(len(rule.looks)):
        seen = [name for name, pairs in at_looks.items() if place < len(pairs) and not _stands(judged.get(name))]
        if not seen:
            break
        as_of |= {name: at_looks[name][place] for name in seen}
        latest |= _contrasts(as_of, seen, rule)
        corrected = dict(
            zip(latest, correct(list(latest.values()), [shares[name] for name in latest], rule.others), strict=True)
        )
        for name in seen:
            decided = decide(corrected[name], rule.alpha, rule.higher_is_better)
            judged[name] = _as_of(decided, latest[name], place, rule, shares[name] / total)
    return judged


def judge_once(pairs: Mapping[str, Pairs], rule: Rule, weights: Weights | None = None) -> dict[str, Contrast]:
    """Every ablation by name on the seeds that it has, whichever look they are of: for metrics that no look asks.

    The bound of `judge_pairs` holds here too: each p is of one of the K looks.
    """
    shares = None if weights is None else [weights[name] for name in pairs]
    contrasts = list(_contrasts(pairs, pairs, rule).values())
    corrected = correct(contrasts, shares, rule.others)
    judged = [decide(c, rule.alpha, rule.higher_is_better) for c in corrected]
    return {name: replace(c, settled=c.verdict != "inconclusive") for name, c in zip(pairs, judged, strict=True)}


def _contrasts(pairs: Mapping[str, Pairs], names: Collection[str], rule: Rule) -> dict[str, Contrast]:
    """The contrasts of those that are asked about, guarded by what all say about tails, or each for itself where all are few."""
    guards, own = tails(pairs, names), own_tails(pairs, names)
    return {
        name: contrast(pairs[name], rule, guards.floors.get(name, 0.0), guards.side or own.get(name, 0))
        for name in names
    }


def _stands(c: Contrast | None) -> bool:
    """Whether an ablation has a verdict. One that was stopped because no look can decide it has none: it is judged anew if
    it has more seeds all the same."""
    return c is not None and c.settled and c.verdict != "inconclusive"


def _as_of(decided: Contrast, latest: Contrast, place: int, rule: Rule, share: float) -> Contrast:
    """An ablation with the look that it is judged at, and whether it is settled."""
    is_open, is_last = decided.verdict == "inconclusive", place + 1 == len(rule.looks)
    if is_open and not is_last and rule.futility and is_futile(latest, rule, share):
        remark = f"stopped: {rule.looks[-1]} seeds would not decide it either"
        return replace(decided, remark=decided.remark or remark, look=place + 1, settled=True)
    return replace(decided, look=place + 1, settled=not is_open)
