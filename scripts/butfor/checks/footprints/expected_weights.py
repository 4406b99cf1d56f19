"""Whether recorded initial weights keep to the law that their initialiser promises."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from butfor.recipe.initialisers import CUT, Law, law
from butfor.records.layer_statistics import QUANTILES

TOLERANCE = 6.0  # standard errors: one false alarm in a hundred million looks


@cache
def distribution(promised: Law) -> Any:
    """The law as a frozen distribution of SciPy's; of a constant, which has none, None."""
    from scipy import stats  # here, since it doubles the time that a stage's imports take

    if promised.kind == "normal":
        return stats.norm(0, promised.size)
    if promised.kind == "truncated":
        return stats.truncnorm(-CUT, CUT, scale=promised.size)
    return stats.uniform(-promised.size, 2 * promised.size) if promised.kind == "uniform" else None


@cache
def _std(promised: Law) -> float:
    return float(distribution(promised).std())


def broken_promise(settings: dict[str, Any], shape: list[int], spread: dict[str, Any]) -> str:
    """What is wrong with the recorded spread of initial weights; empty if they are as promised, within chance."""
    promised_law = law(settings, shape)
    promised = distribution(promised_law)
    if promised is None:
        value, ends = promised_law.size, (spread["quantiles"][0], spread["quantiles"][-1])
        off = max(abs(end - value) for end in ends)
        return f"expected every weight {value:g}, received {ends[0]:g} to {ends[1]:g}" if off > 1e-6 else ""
    n, std = math.prod(shape), _std(promised_law)
    if abs(spread["std"] / std - 1) > TOLERANCE / math.sqrt(2 * n) + 1e-6:
        return f"expected a standard deviation of {std:.4g}, received {spread['std']:.4g}"
    below = promised.cdf(spread["quantiles"]).tolist()  # at once: a call of SciPy's takes far longer than its sum
    for share, value, found in zip(QUANTILES, spread["quantiles"], below, strict=True):
        if abs(found - share) > TOLERANCE * math.sqrt(share * (1 - share) / n) + 2 / n:
            return f"expected {share:.0%} of weights below {promised.ppf(share):.4g}, received {value:.4g}"
    return ""
