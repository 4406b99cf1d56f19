"""What single groups of test examples do to a metric: its pseudo-values, whose spread is that over test sets."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

GROUPS = 20
FEWEST = 5  # groups of which a spread says anything
Array = npt.NDArray[Any]


def pseudo_values(
    score: Callable[[Array, Array], float],
    truth: Array,
    predicted: Array,
    whole: float,
    members: Array | None = None,
) -> list[float]:
    """Of a metric with the value `whole`, by group of examples: what leaving the group out moves it by (the delete-a-group
    jackknife; Tukey 1958, Shao and Wu 1989). Of a metric that is a mean over examples, the groups' means.

    The groups are the same for all runs on a test set, so that arms are compared on them in pairs, and fall as drawn, since test
    sets may be in order. members: what each example belongs to, such as a patient, if the data say so: groups are then of whole
    patients, so that their spread is that over patients; as these differ in size, each group counts by its own (Busing, Meijer
    and Van der Leeden 1999). Empty where there are too few examples or patients, or the metric is undefined without some group.
    """
    count = len(truth)
    group = _drawn(count) if members is None else _of_whole(members)
    groups = int(group.max(initial=-1)) + 1
    if groups < FEWEST:
        return []
    pseudo = []
    for left_out in range(groups):
        kept = group != left_out
        size = count - int(kept.sum())
        times = count / size
        value = times * whole - (times - 1) * score(truth[kept], predicted[kept])
        pseudo.append(value if members is None else whole + groups / times * (value - whole))
    return pseudo if all(map(math.isfinite, pseudo)) else []


def _drawn(count: int) -> Array:
    """The group of each example."""
    return np.random.default_rng(0).permutation(count) % max(1, min(GROUPS, count))


def _of_whole(members: Array) -> Array:
    """The group of each example, where those that belong together are in one; groups of about the same size: the largest
    patients first, each into what is smallest by then."""
    _, of_example, sizes = np.unique(members, return_inverse=True, return_counts=True)
    drawn = np.random.default_rng(0).permutation(len(sizes))
    filled = [(0, group) for group in range(min(GROUPS, len(sizes)))]
    into = np.zeros(len(sizes), np.int64)
    for patient in sorted(drawn, key=lambda patient: -sizes[patient]):
        size, group = heapq.heappop(filled)
        into[patient] = group
        heapq.heappush(filled, (size + int(sizes[patient]), group))
    of_examples: Array = into[of_example.reshape(-1)]
    return of_examples
