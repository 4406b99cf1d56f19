"""What is fixed before the first run: how contrasts become verdicts."""

from __future__ import annotations

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
    """

    margin: float | None = None
    looks: tuple[int, ...] = (5, 10, 20, 30)
    alpha: float = 0.05
    higher_is_better: bool = True
    resolution: float | None = None
    paired: bool = True
    futility: bool = True
    others: int = 0

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
        if self.resolution is not None and not self.resolution >= 0:
            raise ValueError(f"Rule: expected a resolution of 0 or above, or None, received {self.resolution}.")
