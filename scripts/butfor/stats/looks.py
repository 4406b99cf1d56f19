"""Ablations judged look by look: those that are settled keep their verdict, the others get more seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from butfor.stats.contrast import Contrast, contrast
from butfor.stats.pairs import Pairs, pair
from butfor.stats.verdict import correct, decide


@dataclass(frozen=True)
class Rule:
    """What is fixed before the first run.

    margin: differences up to this size do not matter, in the metric's unit; None if nobody said, and then nothing can be
    shown to make no difference. looks: seeds per arm after which verdicts may be given, rising. alpha: the chance that
    some verdict is wrong, over all looks and ablations, for each kind of claim.
    """

    margin: float | None = None
    looks: tuple[int, ...] = (5, 10, 20, 30)
    alpha: float = 0.05
    higher_is_better: bool = True

    def __post_init__(self) -> None:
        """Raises ValueError for what is no rule."""
        looks = tuple(self.looks)
        if not looks or list(looks) != sorted(set(looks)) or looks[0] < 2:
            raise ValueError(f"Rule: expected looks that rise, from 2 seeds on, received {self.looks}.")
        if not 0 < self.alpha < 1:
            raise ValueError(f"Rule: expected alpha between 0 and 1, received {self.alpha}.")
        if self.margin is not None and not self.margin > 0:
            raise ValueError(f"Rule: expected a margin above 0, or None, received {self.margin}.")


def judge(
    ablations: Mapping[str, Sequence[float | None]], reference: Sequence[float | None], rule: Rule
) -> dict[str, Contrast]:
    """Every ablation against the one reference: values by seed, the same order of seeds everywhere, None where a run
    failed. An ablation has had the looks that its values suffice for; a settled one keeps the figures of the look that
    settled it. Raises ValueError for NaN and infinity.
    """
    by_seed = dict(enumerate(reference))
    had = {name: [seen for seen in rule.looks if seen <= len(values)] for name, values in ablations.items()}
    if short := [name for name, looks in had.items() if not looks or len(reference) < looks[-1]]:
        raise ValueError(
            f"judge: expected at least {rule.looks[0]} values of {short[0]}, and as many of its reference,"
            f" received {len(ablations[short[0]])} and {len(reference)}."
        )
    return judge_pairs(
        {
            name: [pair(dict(enumerate(ablations[name])), by_seed, range(seen)) for seen in looks]
            for name, looks in had.items()
        },
        rule,
    )


def judge_pairs(at_looks: Mapping[str, Sequence[Pairs]], rule: Rule) -> dict[str, Contrast]:
    """Every ablation by name, given its pairs as of each look that it has had, the first look always.

    At each look, Holm's procedure runs over the latest probabilities of all ablations, the settled ones' included. A
    null hypothesis is wrongly rejected only if, at one of its K looks, its own p is below alpha/K over the number of
    true ones, so that the chance of any wrong rejection stays within alpha however looks and stops fall.
    """
    latest: dict[str, Contrast] = {}
    judged: dict[str, Contrast] = {}
    for place in range(len(rule.looks)):
        seen = [
            name
            for name, pairs in at_looks.items()
            if place < len(pairs) and not (name in judged and judged[name].settled)
        ]
        for name in seen:
            latest[name] = contrast(
                at_looks[name][place], rule.margin, len(rule.looks), rule.alpha, rule.higher_is_better
            )
        if not seen:
            break
        corrected = dict(zip(latest, correct(list(latest.values())), strict=True))
        for name in seen:
            decided = decide(corrected[name], rule.alpha, rule.higher_is_better)
            judged[name] = replace(decided, look=place + 1, settled=decided.verdict != "inconclusive")
    return judged


def judge_once(pairs: Mapping[str, Pairs], rule: Rule) -> dict[str, Contrast]:
    """Every ablation by name on the seeds that it has, whichever look they are of: for metrics that no look asks.

    The bound of `judge_pairs` holds here too: each p is of one of the K looks.
    """
    found = [contrast(p, rule.margin, len(rule.looks), rule.alpha, rule.higher_is_better) for p in pairs.values()]
    judged = [decide(c, rule.alpha, rule.higher_is_better) for c in correct(found)]
    return {name: replace(c, settled=c.verdict != "inconclusive") for name, c in zip(pairs, judged, strict=True)}
