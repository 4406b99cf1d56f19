"""What single groups of test examples do to a metric: its pseudo-values, whose spread is that over test sets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

GROUPS = 20
FEWEST = 5  # groups of which a spread says anything
Array = npt.NDArray[Any]


def pseudo_values(score: Callable[[Array, Array], float], truth: Array, predicted: Array, whole: float) -> list[float]:
    """Of a metric with the value `whole`, by group of examples: what leaving the group out moves it by (the delete-a-group
    jackknife; Tukey 1958, Shao and Wu 1989). Of a metric that is a mean over examples, the groups' means.

    The groups are the same for all runs on a test set, so that arms are compared on them in pairs, and fall as drawn, since test
    sets may be in order. Empty where there are too few examples, or the metric is undefined without some group.
    """
    count = len(truth)
    groups = min(GROUPS, count)
    if groups < FEWEST:
        return []
    group = np.random.default_rng(0).permutation(count) % groups
    found = []
    for left_out in range(groups):
        kept = group != left_out
        times = count / (count - int(kept.sum()))
        found.append(times * whole - (times - 1) * score(truth[kept], predicted[kept]))
    return found if all(map(math.isfinite, found)) else []
