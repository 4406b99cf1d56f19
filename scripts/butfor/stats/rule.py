"""What is fixed before the first run: how contrasts become verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What is fixed before the first run.

    margin: differences up to this size do not matter, in the metric's unit; None if nobody said, and then nothing can be
    shown to make no difference. looks: seeds per arm after which verdicts may be given, rising. alpha: the chance that some
    verdict is wrong, over all looks, ablations and kinds of verdict. resolution: the smallest step that the metric can
    make, such as one test example; None: the smallest step between the values that are compared. paired: by seed, or two
    independent samples (Welch). futility: whether an ablation that no planned look can decide stops early. others: how many
    ablations that were judged and are not given, as those that were removed since, count in the correction all the same.
    overlap: where runs are folds of one data set, examples tested on per example trained on; 0 where they share none.
    """

    margin: float | None = None
    looks: tuple[int, ...] = (5, 10, 20, 30)
    alpha: float = 0.05
    higher_is_better: bool = True
    resolution: float | None = None
    paired: bool = True
    futility: bool = True
    others: int = 0
    overlap: float = 0.0

    def independent(self, runs: float) -> float:
        """How many runs that share nothing would tell as much of a mean as so many that overlap.

        Of folds, runs are alike by the examples that their training sets share, so that the mean is less sure than their spread
        says: its variance is (1/J + n_test/n_train) times theirs (Nadeau & Bengio 2003, Machine Learning 52:239).
        """
        return runs / (1 + runs * self.overlap)

    def independent_of(self, some: int, runs: int, up: bool = False) -> int:
        """Some of the runs, such as those that failed, as a number of such independent ones; rounded down, or `up` where fewer
        would say more."""
        if not self.overlap or not runs:
            return some
        share = some * self.independent(runs) / runs
        return math.ceil(share) if up else int(share)

    def __post_init__(self) -> None:
        """Raises ValueError for what is no rule."""
        looks = tuple(self.looks)
        if not looks or list(looks) != sorted(set(looks)) or looks[0] < 2:
            raise ValueError(f"Rule: expected looks that rise, from 2 seeds on, received {self.looks}.")
        if not 0 < self.alpha < 1:
            raise ValueError(f"Rule: expected alpha between 0 and 1, received {self.alpha}.")
        if self.margin is not None and not self.margin > 0:
            raise ValueError(f"Rule: expected a margin above 0, or None, received {self.margin}.")
        if self.others < 0:
            raise ValueError(f"Rule: expected 0 or more other ablations, received {self.others}.")
        if not self.overlap >= 0:
            raise ValueError(f"Rule: expected an overlap of 0 or above, received {self.overlap}.")
        if self.resolution is not None and not self.resolution >= 0:
            raise ValueError(f"Rule: expected a resolution of 0 or above, or None, received {self.resolution}.")
