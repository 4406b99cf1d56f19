"""What the runs of all ablations say about tails: how small a spread to believe, and whether Student's t is the right law.

A few seeds that miss the long tail of a law have a small spread and a wrong mean at once, and nothing in them shows it. The
other ablations' seeds do.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate

import numpy as np
from scipy.special import gammainc

from butfor.stats.pairs import Pairs, Values

FLOOR = 0.85  # of the median spread
SURE = 3.0  # standard errors beyond which a skewness or a correlation is not chance
# Two standard errors of the logarithm of a ratio of two spreads under an exponential law, four under a normal one.
APART = 4.0
FEWEST_RUNS = 4  # of which some can be seen to follow their reference
DRAWS, MOST_RUNS = 5_000, 100


@dataclass(frozen=True)
class Tails:
    """How an ablation's error and probabilities are to be guarded.

    floors: by ablation, the smallest standard deviation of its differences to reckon with, in the metric's unit. side: -1
    where the runs of a study have a long tail towards small values and spread unequally, +1 towards large ones, else 0.
    """

    floors: dict[str, float]
    side: int


@dataclass(frozen=True)
class _Shape:
    """An ablation's runs: how many, the spreads of differences, ablation and reference, correlation and skewness."""

    runs: int
    differences: float
    ablation: float
    reference: float
    correlation: float
    skewness: float


def tails(pairs: Mapping[str, Pairs], undecided: Collection[str]) -> Tails:
    """Of all ablations by name, each as of its latest look; `undecided` names those that are judged at this one.

    The floor is 0.85 times the median ablation's spread, in units of the spread of each one's own reference (of two medians
    the smaller, so that one broken ablation of two does not hide the other). Ablations weigh by their runs: three runs of a
    reference that are alike by luck make small units for all that were settled by them. There is none for an ablation that
    follows its reference seed by seed more closely than the median one, beyond chance: its differences are small for a reason.
    """
    shapes = {name: _shape(p) for name, p in pairs.items() if len(p.differences) > 2}
    believed = [s for s in shapes.values() if s.reference > 0]
    if not believed:
        return Tails({}, 0)
    ratio = _lower_median([s.differences / s.reference for s in believed], [s.runs - 1 for s in believed])
    typical = float(np.median([s.correlation for s in believed]))
    floors = {
        name: 0.0 if _follows(s, typical) else FLOOR * ratio * s.reference
        for name, s in shapes.items()
        if s.reference > 0
    }
    side = _skewed(list(shapes.values()))
    return Tails(floors, side if _unequal([shapes[name] for name in undecided if name in shapes]) else 0)


def _lower_median(values: Sequence[float], weights: Sequence[int]) -> float:
    """The smallest value that, with all below it, has half of the weight or more."""
    order = sorted(range(len(values)), key=values.__getitem__)
    below = accumulate(weights[place] for place in order)
    half = sum(weights) / 2
    return next(values[place] for place, weight in zip(order, below, strict=True) if weight >= half)


# A contrast asks for the same chance several times, and each look for those of the look before.
@lru_cache(maxsize=4096)
def p_exceeds(t: float, runs: int) -> float:
    """The chance of a mean at least t standard errors too high for runs with a long lower tail: minus an exponential law.

    With mean m and coefficient of variation v of exponential figures, t = sqrt(n) (1 - m) / (m v); m and v are independent
    (Basu 1955) and m is a Gamma variable, so that the chance is the mean over v of P(m < 1 / (1 + t v / sqrt(n))). For t > 0;
    else 1. Over draws of v, with a standard error below a tenth of chances from 4e-4 on; more runs than 100 count as 100.
    """
    if not t > 0:
        return 1.0
    n = min(runs, MOST_RUNS)
    return float(gammainc(n, n / (1 + t * _variation(n) / math.sqrt(n))).mean())


@cache
def _variation(runs: int) -> Values:
    """Coefficients of variation of so many exponential figures, drawn once and for all."""
    drawn = np.random.default_rng(0).standard_exponential((DRAWS, runs))
    variation: Values = drawn.std(axis=1, ddof=1) / drawn.mean(axis=1)
    return variation


def _shape(pairs: Pairs) -> _Shape:
    runs = len(pairs.differences)
    a, b = pairs.ablation - pairs.ablation.mean(), pairs.reference - pairs.reference.mean()
    squares, of_reference, of_both = float(a @ a), float(b @ b), float((a - b) @ (a - b))
    size = math.sqrt(squares * of_reference)
    return _Shape(
        runs=runs,
        differences=math.sqrt(of_both / (runs - 1)),
        ablation=math.sqrt(squares / (runs - 1)),
        reference=math.sqrt(of_reference / (runs - 1)),
        correlation=max(-1.0, min(1.0, float(a @ b) / size)) if size > 0 else 0.0,
        skewness=float((a * a) @ a) / runs / (squares / runs) ** 1.5 if squares > 0 else 0.0,
    )


def _follows(shape: _Shape, typical: float) -> bool:
    """Whether the correlation with the reference is above the typical one, by Fisher's transformation."""
    if shape.runs < FEWEST_RUNS:
        return False
    r = min(shape.correlation, 1 - 1e-12)
    return r > 0 and math.tanh(math.atanh(r) - SURE / math.sqrt(shape.runs - 3)) > typical


def _skewed(shapes: list[_Shape]) -> int:
    """The sign of the mean skewness of all ablations' runs if it is beyond chance under a normal law, else 0.

    Skewness has the variance 6 (n - 2) / ((n + 1) (n + 3)) there, and of two arms with the correlation r the correlation r^3.
    """
    weight = np.array([(s.runs + 1) * (s.runs + 3) / (6 * (s.runs - 2)) for s in shapes])
    together = float(np.mean([max(0.0, s.correlation) for s in shapes])) ** 3
    z = float(weight @ [s.skewness for s in shapes]) / math.sqrt(weight.sum() * (1 + (len(shapes) - 1) * together))
    return int(np.sign(z)) if abs(z) > SURE else 0


def _unequal(shapes: list[_Shape]) -> bool:
    """Whether some ablation's runs, or the reference's, spread unlike the others'."""
    ratios = [(math.log(s.ablation / s.reference), s.runs) for s in shapes if s.ablation > 0 < s.reference]
    if not ratios:
        return False
    ratios.append((0.0, min(runs for _, runs in ratios)))
    middle = float(np.median([ratio for ratio, _ in ratios]))
    return any(abs(ratio - middle) > APART / math.sqrt(runs) for ratio, runs in ratios)
