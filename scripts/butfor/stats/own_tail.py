"""What an ablation's own runs say about tails, where too few others are there to say it: which side wants a higher bar.

Runs that miss the long tail of a law look alike and lie on one side of its mean, so that they cannot acquit themselves. What
they can do is to say which side a tail would be on, and, once there are twenty, that there is none worth the name.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from butfor.stats.estimate import EITHER
from butfor.stats.pairs import Pairs, Values

FEW = 5  # ablations, from which on the others say enough
# Of so many runs and more: by how much an arm's skewness, and the logarithm of the ratio of the two spreads times the root
# of the runs, must lie from 0 for a tail to be reckoned with. Below, the sign of the skewness is all that is known.
DOUBTS = ((20, 0.5, 0.5), (10, 0.0, 0.0), (3, 0.0, -math.inf))


def own_tails(pairs: Mapping[str, Pairs], undecided: Collection[str]) -> dict[str, int]:
    """By undecided ablation, the side on which its runs may have missed a long tail (see Estimate.tail); of none where there
    are others enough."""
    return {} if len(pairs) >= FEW else {name: own_tail(pairs[name]) for name in undecided}


def own_tail(pairs: Pairs) -> int:
    """The side of differences on which a tail is to be reckoned with: that of the arm that spreads more, or of both arms
    where their runs are too few to say; its skewness says where."""
    runs = len(pairs.ablation)
    doubt = next(((skew, apart) for least, skew, apart in DOUBTS if runs >= least), None)
    if doubt is None:
        return 0
    one, other = float(pairs.ablation.std()), float(pairs.reference.std())
    if not one > 0 < other:
        return 0
    wider = math.log(one / other) * math.sqrt(runs)
    sides = set()
    for skewness, is_wide in ((_skewness(pairs.ablation), wider), (-_skewness(pairs.reference), -wider)):
        if abs(skewness) > doubt[0] and is_wide > doubt[1]:
            sides.add(1 if skewness > 0 else -1)
    return EITHER if len(sides) == 2 else sum(sides)


def _skewness(values: Values) -> float:
    """In standard errors under a normal law."""
    runs, centred = len(values), values - values.mean()
    skewness = float((centred * centred) @ centred) / runs / float(centred @ centred / runs) ** 1.5
    return float(skewness / math.sqrt(6 * (runs - 2) / ((runs + 1) * (runs + 3))))
