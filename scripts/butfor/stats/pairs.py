"""Two arms' seeds, paired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
BySeed = Mapping[int, float | None]


@dataclass(frozen=True)
class Pairs:
    """What two arms' seeds say: differences (ablation minus reference) where both finished, and how many failed.

    differences: by seed, shape `(pairs,)`. planned: seeds per arm. failed_*: runs that ended without a usable model.
    missing: seeds for which one of the two runs has left no record. resolution: the smallest step of the metric on the data set
    that these runs are of, where that is another than the rule's (see Rule); so is margin. runs_*: how many records there are
    of either arm. more_*: values of runs of either arm that have no counterpart, which count where arms are compared as
    independent samples.
    """

    differences: Values
    ablation: Values
    reference: Values
    planned: int
    failed_ablation: int
    failed_reference: int
    missing: int
    resolution: float | None = None
    margin: float | None = None
    runs_ablation: int = 0
    runs_reference: int = 0
    more_ablation: Values = field(default_factory=lambda: np.empty(0))
    more_reference: Values = field(default_factory=lambda: np.empty(0))


def pair(ablation: BySeed, reference: BySeed, seeds: Sequence[int]) -> Pairs:
    """Pair two arms by seed. A value is None where the run failed; a seed without an entry is missing.

    Raises ValueError for NaN and infinity, which must not pass for figures.
    """
    present = [seed for seed in seeds if seed in ablation and seed in reference]
    finished = [seed for seed in present if ablation[seed] is not None and reference[seed] is not None]
    a = np.array([ablation[seed] for seed in finished], np.float64)
    b = np.array([reference[seed] for seed in finished], np.float64)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("pair: expected finite values, and None for a failed run; received NaN or infinity.")
    return Pairs(
        differences=a - b,
        ablation=a,
        reference=b,
        planned=len(seeds),
        failed_ablation=sum(ablation[seed] is None for seed in present),
        failed_reference=sum(reference[seed] is None for seed in present),
        missing=len(seeds) - len(present),
        runs_ablation=sum(seed in ablation for seed in seeds),
        runs_reference=sum(seed in reference for seed in seeds),
    )
