"""The test set as a source of variation: how far an effect would be off on other examples of the same kind, beside seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from butfor.stats.estimate import Estimate

Answers = npt.NDArray[np.bool_] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sources:
    """Standard errors of a mean difference, by where they come from.

    seeds: over the seeds, on this test set. examples: over test examples, what they do at single seeds aside. both: for other
    seeds and other examples. freedom: its degrees of freedom.
    """

    seeds: float
    examples: float
    both: float
    freedom: float

    def beside(self, seeds: Estimate) -> Estimate:
        """What is known of an effect over seeds, whose error may be that of more than its own (see contrast's floor), for other
        examples too."""
        error = max(math.hypot(seeds.error, self.examples), self.both)
        by_seeds = seeds.freedom * (error / seeds.error) ** 4 if seeds.error > 0 else math.inf
        return replace(seeds, error=error, freedom=min(by_seeds, self.freedom))


def mean_sources(of_each: Sequence[Sources]) -> Sources:
    """The errors of the mean of independent differences, each with the same weight; degrees of freedom by Satterthwaite."""

    def error(squares: Sequence[float]) -> float:
        return math.sqrt(sum(squares)) / len(of_each)

    both = [each.both**2 for each in of_each]
    parts = sum(square**2 / each.freedom for square, each in zip(both, of_each, strict=True))
    return Sources(
        error([each.seeds**2 for each in of_each]),
        error([each.examples**2 for each in of_each]),
        error(both),
        sum(both) ** 2 / parts if parts else math.inf,
    )


def by_group(answers: Answers, members: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """What groups of examples say, `(seeds, groups)`, in place of single ones, `(seeds, examples)`: their means, each counting by
    its group's size, so that the mean over groups is that over examples, and its spread that of other groups (a ratio's, by
    linearisation; Cochran 1977). members: the number of each example's group."""
    figures = answers.astype(np.float64)
    groups, sizes = int(members.max()) + 1, np.bincount(members)
    sums = np.zeros((len(figures), groups))
    np.add.at(sums.T, members, figures.T)
    whole = figures.mean(axis=1, keepdims=True)
    return np.asarray(whole + groups / len(members) * (sums - sizes * whole))


def sources(ablation: Answers, reference: Answers, examples: int) -> Sources | None:
    """The errors of the difference in the share of examples that are right, `(seeds, examples looked at)` each, or of another
    metric by what groups of examples do to it; None for fewer than two seeds or examples.

    examples: how many the test set has, of which those looked at are a part, evenly spaced. Seeds and examples are crossed, so
    that the variance of the mean is σ²_seeds/S + σ²_examples/I + σ²_both/SI (Brennan 2001, Generalizability Theory); for one seed
    it would be McNemar's (1947).
    """
    difference = ablation.astype(np.float64) - reference.astype(np.float64)
    count, looked_at = difference.shape
    if count < 2 or looked_at < 2:
        return None
    by_seed, by_example, mean = difference.mean(axis=1), difference.mean(axis=0), difference.mean()
    of_seeds = float(by_seed.var(ddof=1)) / count
    rest = difference - by_seed[:, None] - by_example[None, :] + mean
    crossed = float(np.square(rest).sum()) / ((count - 1) * (looked_at - 1) * count * examples)
    of_examples = float(by_example.var(ddof=1)) / examples
    total = max(of_seeds + of_examples - crossed, of_seeds, of_examples)
    parts = of_seeds**2 / (count - 1) + of_examples**2 / (looked_at - 1)
    return Sources(
        math.sqrt(of_seeds),
        math.sqrt(max(of_examples - crossed, 0.0)),
        math.sqrt(total),
        total**2 / parts if parts else math.inf,
    )
