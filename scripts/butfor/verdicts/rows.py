"""What verdicts are written as: the rows of contrasts.json, comparison.json, looks/*.json and claims.json. Standard library only.

Numbers are null in a file where they are not known, such as the interval of a single pair.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final, Literal, NotRequired, TypedDict

from butfor.checks.outcomes import CheckRow
from butfor.study.summary import Expectation, MetricTerms, OverDataSets
from butfor.verdicts.across_rows import Across
from butfor.verdicts.placebo_row import PlaceboRow

Verdict = Literal[
    "helps", "hurts", "no meaningful difference", "inconclusive", "interaction", "no meaningful interaction",
    "void: nothing changed", "unproven", "no verdict", "effect only",
]  # fmt: skip
SAME: Final = "no meaningful difference"
VOID: Final = "void: nothing changed"  # in a verdict's place where there can be none
SETTLING = "would settle it"  # of a remark that says how many more seeds
UNPROVEN: Final = "unproven"
UNJUDGED: Final = "no verdict"  # because the baseline has learnt nothing
DESCRIBED: Final = "effect only"  # on a metric that the study has described, not judged
REFUSED: Final = (VOID, UNPROVEN, UNJUDGED)

Outcome = Literal["supported", "refuted", "undecided"]
Standing = Literal["declared before the data", "exploratory"]


class ContrastFields(TypedDict):
    """The fields of stats.Contrast."""

    pairs: int
    planned: int
    missing: int
    failed_ablation: int
    failed_reference: int
    effect: float | None
    error: float | None
    freedom: float | None
    tail: int
    sd: float | None
    low: float | None
    high: float | None
    correlation: float | None
    better: float | None
    margin: float | None
    p_difference: float | None
    p_equivalence: float | None
    p_beyond: float | None
    p_failure: float
    p_rescue: float
    verdict: Verdict
    remark: str
    look: int
    settled: bool


class ContrastRow(ContrastFields):
    """An ablation on one metric, as contrasts.json has it.

    data: its data set, of several; empty in a study of one. level: the reference's mean over the pairs; the interval ends
    where the metric does. p_raw: of no difference, corrected over nothing. typical: the median difference, p_typical that of
    the signed-rank test, corrected over nothing, typical_note where it and the mean part (stats.typical). pairing: how much
    wider the interval is than it would be without pairs, as a share; below 0, pairing gained something. widened: how many times
    as wide it is as by the ablation's own spread, where the others' have raised that (stats.tails), else None. cut: at which of
    its ends it ends where the metric does: low, high, both or none. smallest_effect: what
    an undecided one's seeds could have shown; more_seeds: how many it lacks, at least 1, None if that is not known or it lacks
    something else. test_error: the test set's standard error of the effect; new_low, new_high: the interval for other seeds and
    other test examples (see verdicts/example_errors).
    """

    arm: str
    label: NotRequired[str]
    data: str
    reference: str
    family: str
    metric: str
    unit: str
    decimals: int
    level: float | None
    p_raw: float | None
    pairing: float | None
    widened: NotRequired[float | None]
    cut: NotRequired[str]
    typical: float | None
    p_typical: float | None
    typical_note: str
    smallest_effect: float | None
    more_seeds: float | None
    test_error: float | None
    new_low: float | None
    new_high: float | None


class RankedRow(TypedDict):
    """What was changed, with its rank by size of effect and the ranks that are left open; the columns of importance.csv."""

    reference: str
    metric: str
    unit: str
    decimals: int
    rank: int
    rank_low: int
    rank_high: int
    changed: str
    arm: str
    effect: float | None
    low: float | None
    high: float | None
    size_low: float | None
    size_high: float | None
    verdict: Verdict
    remark: str


class InteractionSubject(TypedDict, total=False):
    """What a contrast of several arms is of.

    design: `grid`, with the factors that it is `of`, their levels and bases; or `part`, with the four arms that it is `of`,
    and what the part is worth in the full recipe (`leave`) and on its own (`add`).
    """

    design: Literal["grid", "part"]
    name: str
    metric: str
    unit: str
    decimals: int
    of: list[str]
    levels: list[str]
    bases: list[str]
    leave: float | None
    add: float | None


class InteractionRow(InteractionSubject, ContrastFields):
    """A main effect, an interaction of two factors, or that of a part with the others; the columns of interactions.csv."""


class BestRate(TypedDict):
    """An arm's best learning rate, whether it lies at an `edge` of those tried, and the `seconds` of the search."""

    rate: float
    edge: bool
    seconds: float


class TunedComparison(TypedDict):
    """The arms at their best rates: checks and contrasts as in the files of these names, and the seconds of training."""

    rates: dict[str, BestRate]
    checks: list[CheckRow]
    contrasts: list[ContrastRow]
    seconds: float


class FailedRuns(TypedDict):
    """Runs of one arm and look that left no usable model and ended in the same way: how, their seeds, and why the first."""

    arm: str
    look: str
    ending: str
    seeds: list[int]
    reason: str


class Level(TypedDict):
    """Mean and standard deviation over an arm's runs that did not fail, in the metric's unit; None where there are too few."""

    mean: float | None
    sd: float | None


class ArmRow(TypedDict):
    """An arm: its label if the study gives it one, what it changes in its reference's recipe, in full and with the values that
    it `sets` in short, how many of its runs there are and how many failed, and what the others reach, by metric. Recipes are
    those that the records were made with, where there are any."""

    arm: str
    label: str
    reference: str | None
    changes: list[str]
    sets: list[str]
    runs: int
    failed: int
    reaches: dict[str, Level]


class Comparison(TypedDict):
    """comparison.json: the metric that verdicts are asked of, the metrics that the study asks for, its task and folds, the data
    sets that say what their test examples belong to (`grouped`), how many runs there are and which failed, how many ablations
    of each family were removed and count in the correction, what is the matter with a baseline that learnt nothing (else
    empty), every arm, what mattered, what depends on what else, and the verdicts at tuned learning rates if there was a search;
    and what the placebo shows, if the study has one."""

    metric: str
    metrics: NotRequired[dict[str, MetricTerms]]
    task: NotRequired[str]
    replicates: NotRequired[dict[str, Any]]
    grouped: NotRequired[list[str]]
    runs: int
    removed: dict[str, int]
    failed: list[FailedRuns]
    baseline: str
    arms: list[ArmRow]
    across: Across | None
    importance: list[RankedRow]
    interactions: list[InteractionRow]
    tuned: TunedComparison | None
    placebo: NotRequired[list[PlaceboRow]]


class ClaimRow(TypedDict):
    """A claim with its outcome, the numbers of its contrast, and when it was declared. data_sets, against: see Claim; data: where
    it is about several, that of the contrast, by name."""

    claim: str
    data_sets: NotRequired[OverDataSets]
    data: NotRequired[str]
    against: NotRequired[str]
    sentence: str
    arm: str
    reference: str
    metric: str
    expect: Expectation
    margin: float | None
    rate: float | None
    unit: str
    decimals: int
    outcome: Outcome
    reason: str
    p: float | None
    effect: float | None
    low: float | None
    high: float | None
    pairs: int
    planned: int
    missing: int
    failed_ablation: int
    failed_reference: int
    fingerprint: str
    standing: Standing
    since: str | None
    runs: int | None


class Assessment(TypedDict):
    """claims.json: every claim, how many more count in their correction because they were taken out, and what departed from
    what was planned before the first run, a sentence each, with the reasons that were given for it later."""

    claims: list[ClaimRow]
    removed: int
    deviations: list[str]
    reasons: NotRequired[list[str]]


def refused_arms(rows: Iterable[ContrastRow]) -> set[str]:
    """The arms that have no verdict because they changed nothing or are not proven."""
    return {row["arm"] for row in rows if row["verdict"] in REFUSED}


def fields_of(contrast: Any) -> dict[str, Any]:
    """The fields of a stats.Contrast as rows have them: without a margin, nothing is tested against one."""
    return {**vars(contrast), **({"p_equivalence": None} if contrast.margin is None else {})}


def none_for_nan(value: Any) -> Any:
    """A value as a file has it: null in the place of NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value
