"""Verdicts on values of one's own: a list per arm, the same order of seeds everywhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from butfor.stats.contrast import Contrast
from butfor.stats.looks import judge_pairs
from butfor.stats.pairs import pair
from butfor.stats.rule import Rule

Arm = Sequence[float | None]
LIKE_POINTS = 0.2  # a margin from here on, beside values from 0 to 1, is likely one in percentage points


def judge(
    ablations: Mapping[str, Arm], reference: Arm, rule: Rule, primary: Collection[str] = ()
) -> dict[str, Contrast]:
    """Every ablation against the one reference: values by seed, the same order of seeds everywhere, None where a run
    failed. An ablation has had the looks that its values suffice for; a settled one keeps the figures of the look that
    settled it, and the remark says how many of its values that leaves unused. primary: ablations that share half of alpha
    among themselves, whatever is judged beside them.

    Raises ValueError for NaN and infinity, too few values, and a margin in points for values that are shares.
    """
    by_seed = dict(enumerate(reference))
    had = {name: [seen for seen in rule.looks if seen <= len(values)] for name, values in ablations.items()}
    if short := [name for name, looks in had.items() if not looks or len(reference) < looks[-1]]:
        raise ValueError(
            f"judge: expected at least {rule.looks[0]} values of {short[0]}, and as many of its reference,"
            f" received {len(ablations[short[0]])} and {len(reference)}."
        )
    _check_unit([*ablations.values(), reference], rule)
    pairs = {
        name: [pair(dict(enumerate(ablations[name])), by_seed, range(seen)) for seen in looks]
        for name, looks in had.items()
    }
    judged = judge_pairs(pairs, rule, weights(ablations, primary))
    return {name: _with_unused(c, len(ablations[name])) for name, c in judged.items()}


def weights(ablations: Collection[str], primary: Collection[str], others: int = 0) -> dict[str, float]:
    """Shares of alpha: the primary ablations together have as much as all the rest; without any, all have the same.

    others: how many ablations that are not primary count all the same, without being named.
    """
    first = [name for name in ablations if name in primary]
    rest = len(ablations) - len(first) + others
    return {name: rest / len(first) if name in first and rest else 1.0 for name in ablations}


def _with_unused(c: Contrast, values: int) -> Contrast:
    if c.planned == values:
        return c
    unused = f"by the first {c.planned} of {values} values"
    return replace(c, remark=f"{c.remark}; {unused}" if c.remark else unused)


def _check_unit(arms: Sequence[Arm], rule: Rule) -> None:
    """Raises ValueError where every value lies between 0 and 1 and the margin is that of percentage points."""
    values = [value for arm in arms for value in arm if value is not None]
    shares = rule.higher_is_better and values and all(0 <= value <= 1 for value in values)
    if shares and rule.margin is not None and rule.margin >= LIKE_POINTS:
        raise ValueError(
            f"judge: expected values and margin in the same unit, received values between 0 and 1 and a margin of"
            f" {rule.margin:g}. Multiply the values by 100, or the margin by 0.01."
        )
