"""Whether recorded initial weights keep to the law that their initialiser promises."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from butfor.recipe.initialisers import CUT, CUT_SPREAD, Law, law
from butfor.records.layer_statistics import QUANTILES

TOLERANCE = 6.0  # standard errors: one false alarm in a hundred million looks
SPREADS = {
    "normal": 1.0,
    "truncated": CUT_SPREAD,
    "uniform": 1 / math.sqrt(3),
}  # standard deviations, in the law's size


@cache
def distribution(promised: Law) -> Any:
    """The law as a frozen distribution of SciPy's; of a constant, which has none, None."""
    from scipy import stats  # here, since it doubles the time that a stage's imports take

    if promised.kind == "normal":
        return stats.norm(0, promised.size)
    if promised.kind == "truncated":
        return stats.truncnorm(-CUT, CUT, scale=promised.size)
    return stats.uniform(-promised.size, 2 * promised.size) if promised.kind == "uniform" else None


def share_below(promised: Law, value: float) -> float:
    """The share of draws below a value, of a law that is no constant. As SciPy has it, which takes a thousand times as long,
    and most of the time of checking a study with many runs."""
    reached = value / promised.size
    if promised.kind == "normal":
        return _normal_below(reached)
    if promised.kind == "truncated":
        outside = _normal_below(-CUT)
        return min(max((_normal_below(reached) - outside) / (1 - 2 * outside), 0.0), 1.0)
    return min(max((reached + 1) / 2, 0.0), 1.0)


def _normal_below(value: float) -> float:
    return math.erfc(-value / math.sqrt(2)) / 2


def broken_promise(settings: dict[str, Any], shape: list[int], spread: dict[str, Any]) -> str:
    """What is wrong with the recorded spread of initial weights; empty if they are as promised, within chance."""
    promised_law = law(settings, shape)
    if promised_law.kind == "constant":
        value, ends = promised_law.size, (spread["quantiles"][0], spread["quantiles"][-1])
        off = max(abs(end - value) for end in ends)
        return f"expected every weight {value:g}, received {ends[0]:g} to {ends[1]:g}" if off > 1e-6 else ""
    n, std = math.prod(shape), SPREADS[promised_law.kind] * promised_law.size
    if abs(spread["std"] / std - 1) > TOLERANCE / math.sqrt(2 * n) + 1e-6:
        return f"expected a standard deviation of {std:.4g}, received {spread['std']:.4g}"
    for share, value in zip(QUANTILES, spread["quantiles"], strict=True):
        if abs(share_below(promised_law, value) - share) > TOLERANCE * math.sqrt(share * (1 - share) / n) + 2 / n:
            return f"expected {share:.0%} of weights below {distribution(promised_law).ppf(share):.4g}, received {value:.4g}"
    return ""
