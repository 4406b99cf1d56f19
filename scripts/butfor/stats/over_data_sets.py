"""One ablation on several data sets: its mean effect over them, how much it differs between them, and ranks of arms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import fdtrc, stdtrit

from butfor.stats.contrast import Contrast, contrast, paid_for
from butfor.stats.correction import correct
from butfor.stats.estimate import EITHER, Estimate
from butfor.stats.own_tail import FEW, own_tail
from butfor.stats.pairs import Pairs
from butfor.stats.rule import Rule
from butfor.stats.tails import tails
from butfor.stats.verdict import decide

FEWEST_RANKED = 6  # data sets, from which on ranks of arms are compared
ByDataSet = Mapping[str, Pairs]


@dataclass(frozen=True)
class OverDataSets:
    """An ablation's mean effect over these data sets, and what differs between them.

    contrast: of the mean, each data set with the same weight. heterogeneity: Cochran's Q over the effects; p_heterogeneity:
    that they are all the same, by Welch's test, which knows how few runs their errors come from; corrected for nothing.
    low, high: the interval, at 95 %, for the mean over data sets like these (a t interval of their effects).
    """

    contrast: Contrast
    heterogeneity: float
    p_heterogeneity: float
    low: float
    high: float


@dataclass(frozen=True)
class RankedArms:
    """The mean rank of every arm over data sets, 1 for the best, and the smallest difference of two that counts.

    p: that all arms rank alike (Friedman). critical: Nemenyi's critical difference (Demšar 2006).
    """

    ranks: dict[str, float]
    p: float
    critical: float


def judge_over_data_sets(ablations: Mapping[str, ByDataSet], rule: Rule) -> dict[str, OverDataSets]:
    """Every ablation by name, given its pairs on each of at least two data sets, as many seeds on all of them.

    The mean effect is that on these very data sets: its standard error comes from theirs, with degrees of freedom by
    Satterthwaite (1946). Probabilities are corrected over the looks, any of which the seeds may be of, and over the ablations.
    """
    of_each = contrasts_of_each(ablations, rule)
    means = [mean_contrast(of_sets, rule) for of_sets in of_each.values()]
    corrected = [decide(c, rule.alpha, rule.higher_is_better) for c in correct(means, others=rule.others)]
    return {
        name: OverDataSets(c, *_heterogeneity(of_sets), *_like_these([each.effect for each in of_sets]))
        for (name, of_sets), c in zip(of_each.items(), corrected, strict=True)
    }


def contrasts_of_each(ablations: Mapping[str, ByDataSet], rule: Rule) -> dict[str, list[Contrast]]:
    """Every ablation's contrasts on its data sets, guarded by what all of them say; corrected over the looks alone."""
    flat = {(name, on): pairs for name, sets in ablations.items() for on, pairs in sets.items()}
    guards = tails({" ".join(key): pairs for key, pairs in flat.items()}, [" ".join(key) for key in flat])
    own = {key: own_tail(pairs) for key, pairs in flat.items()} if len(ablations) < FEW else {}
    single = {
        key: contrast(pairs, rule, guards.floors.get(" ".join(key), 0.0), guards.side or own.get(key, 0))
        for key, pairs in flat.items()
    }
    return {name: [single[name, on] for on in sets] for name, sets in ablations.items()}


def ranked_arms(figures: Mapping[str, Sequence[float]], higher_is_better: bool, alpha: float) -> RankedArms:
    """The arms ranked on each data set by these figures, in the same order of data sets everywhere. At least three arms."""
    from scipy import stats  # here, since it doubles the time that a stage's imports take

    values = np.array(list(figures.values()), np.float64)
    ranks = stats.rankdata(-values if higher_is_better else values, axis=0)
    arms, sets = values.shape
    critical = (
        float(stats.studentized_range.ppf(1 - alpha, arms, np.inf))
        / math.sqrt(2)
        * math.sqrt(arms * (arms + 1) / (6 * sets))
    )
    p = float(stats.friedmanchisquare(*ranks).pvalue) if np.ptp(ranks, axis=0).any() else 1.0
    return RankedArms(dict(zip(figures, map(float, ranks.mean(axis=1)), strict=True)), p, critical)


def mean_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """Of the mean of independent effects, each with the same weight."""
    k, variances = len(estimates), np.array([each.error**2 for each in estimates])
    effect, total = float(np.mean([each.effect for each in estimates])), float(variances.sum())
    parts = variances**2 / np.array([each.freedom for each in estimates])
    freedom = total**2 / float(parts.sum()) if total > 0 else min(each.freedom for each in estimates)
    sides = {each.tail for each in estimates} - {0}
    return Estimate(effect, math.sqrt(total) / k, freedom, EITHER if len(sides) > 1 else sum(sides))


def mean_contrast(of_sets: list[Contrast], rule: Rule) -> Contrast:
    """The contrast of the mean effect. By failures alone an arm is worse, or better, where it is so on every data set."""
    estimate = mean_estimate([c.estimate for c in of_sets])
    low, high = estimate.interval(rule.alpha / len(rule.looks))
    margins = [
        c.margin for c in of_sets if c.margin is not None
    ]  # that of the mean is their mean, as that of effects is
    margin = float(np.mean(margins)) if margins else None
    failed, of_reference = sum(c.failed_ablation for c in of_sets), sum(c.failed_reference for c in of_sets)
    times = max(paid_for(c.failed_ablation, c.failed_reference, rule) for c in of_sets)
    wins = np.mean([(c.effect > 0) == rule.higher_is_better and c.effect != 0 for c in of_sets])
    return replace(
        of_sets[0],
        pairs=min(c.pairs for c in of_sets),
        planned=sum(c.planned for c in of_sets),
        missing=sum(c.missing for c in of_sets),
        failed_ablation=failed,
        failed_reference=of_reference,
        effect=estimate.effect,
        error=estimate.error,
        freedom=estimate.freedom,
        tail=estimate.tail,
        sd=float(np.mean([c.sd for c in of_sets])),
        low=low,
        high=high,
        correlation=math.nan,
        better=float(wins),
        margin=margin,
        p_difference=min(1.0, times * estimate.p_difference()),
        p_equivalence=min(1.0, times * estimate.p_equivalence(margin)),
        p_beyond=min(1.0, times * estimate.p_beyond(margin)),
        p_failure=max(c.p_failure for c in of_sets),
        p_rescue=max(c.p_rescue for c in of_sets),
    )


def _heterogeneity(of_sets: list[Contrast]) -> tuple[float, float]:
    """Cochran's Q of the effects, and the probability of no difference between them (Welch 1951)."""
    k, errors = len(of_sets), np.array([c.error for c in of_sets])
    if not (errors > 0).all():
        return math.nan, math.nan
    effects, weights = np.array([c.effect for c in of_sets]), errors**-2
    q = float(weights @ (effects - weights @ effects / weights.sum()) ** 2)
    spread = float(((1 - weights / weights.sum()) ** 2 / np.array([c.freedom for c in of_sets])).sum())
    f = q / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * spread)
    return q, float(fdtrc(k - 1, (k**2 - 1) / (3 * spread), f))


def _like_these(effects: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean over data sets of which these were drawn."""
    k = len(effects)
    reach = float(stdtrit(k - 1, 0.975) * np.std(effects, ddof=1) / math.sqrt(k))
    return float(np.mean(effects)) - reach, float(np.mean(effects)) + reach
