"""What is paid for judging several ablations at once: probabilities corrected so that alpha holds for all verdicts together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from butfor.stats.contrast import KINDS, Contrast
from butfor.stats.pairs import Values


def correct(
    contrasts: Sequence[Contrast], weights: Sequence[float] | None = None, others: float = 0.0
) -> list[Contrast]:
    """The contrasts of several ablations with their probabilities corrected over them all, whatever each is said to be.

    weights: each ablation's share of alpha; equal ones if none are given. others: the weight of ablations that are not
    here and count all the same. An ablation without a probability of its own (too few pairs) counts as 1.

    Of one ablation, at most one of "no difference", "as large as the margin" and "within the margin" is a wrong thing to
    reject, since they exclude each other. So all of its kinds may use the whole of its share, which is
    alpha x weight / the weights of those that are still open (Holm 1979, over ablations instead of hypotheses); an ablation
    is closed when a difference and its smallness are both shown, and nothing is left that could be said wrongly.
    """
    if not contrasts:
        return []
    share = np.ones(len(contrasts)) if weights is None else np.asarray(weights, np.float64)
    p = np.array([[getattr(c, kind) for c in contrasts] for kind in KINDS])
    p = np.where(np.isnan(p), 1.0, p)
    closing = np.array([1.0 if c.failures else max(p[0, place], p[1, place]) for place, c in enumerate(contrasts)])
    corrected = step_down(p, closing, share, others)
    return [
        replace(c, **dict(zip(KINDS, map(float, of_one), strict=True)))  # type: ignore[arg-type]
        for c, of_one in zip(contrasts, corrected.T, strict=True)
    ]


def step_down(p: Values, closing: Values, weights: Values, others: float) -> Values:
    """Adjusted probabilities, shape `(kinds, ablations)` like `p`: the smallest alpha at which each would be rejected.

    closing: per ablation, the p at which it no longer counts; the first to close leave their weights to the others.
    """
    order = np.argsort(closing / weights)
    open_weights = weights.sum() + others - np.concatenate([[0.0], np.cumsum(weights[order])])
    bars = np.concatenate([[0.0], np.maximum.accumulate((closing / weights)[order] * open_weights[:-1])])
    open_weights = np.maximum(open_weights, weights.min())  # when all are closed, nothing is asked any more
    return np.minimum(1.0, _least_of_larger(bars, p / weights, open_weights))


def _least_of_larger(rising: Values, factors: Values, falling: Values) -> Values:
    """For each factor the smallest, over all places, of the larger of the two: what rises, and factor x what falls. It lies where
    they cross, which is searched for: all places for all of ten thousand ablations would take gigabytes."""
    low, high = np.zeros(factors.shape, np.intp), np.full(factors.shape, len(rising))
    while (searched := low < high).any():
        middle = np.minimum((low + high) // 2, len(rising) - 1)
        crossed = rising[middle] >= factors * falling[middle]
        high = np.where(searched & crossed, middle, high)
        low = np.where(searched & ~crossed, middle + 1, low)
    before, behind = np.maximum(low - 1, 0), np.minimum(low, len(rising) - 1)
    least: Values = np.minimum(
        np.maximum(rising[before], factors * falling[before]), np.maximum(rising[behind], factors * falling[behind])
    )
    return least


def holm(p: Values) -> Values:
    """Probabilities adjusted by Holm's step-down procedure (Holm 1979); shape in = shape out, NaN counts as 1."""
    filled = np.where(np.isnan(p), 1.0, p)
    order = np.argsort(filled)
    adjusted = np.empty_like(filled)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(filled[order] * np.arange(len(filled), 0, -1)))
    return adjusted
