"""What is written of several data sets together: a part of comparison.json. Standard library only."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class AcrossRow(TypedDict):
    """An ablation over data sets, by its mean effect on these very ones, on `seeds` of each; fields as of stats.Contrast, null
    where they are not known.

    better: the share of data sets on which it is better. effects: on each data set on which it is judged. heterogeneity,
    p_heterogeneity: whether they differ (see stats.OverDataSets). like_low, like_high: the 95 % interval of the mean over data
    sets like these.
    """

    arm: str
    reference: str
    metric: str
    unit: str
    decimals: int
    verdict: str
    remark: str
    pairs: int | None
    failed_ablation: int | None
    failed_reference: int | None
    effect: float | None
    error: float | None
    freedom: float | None
    low: float | None
    high: float | None
    better: float | None
    margin: float | None
    p_difference: float | None
    p_equivalence: float | None
    p_beyond: float | None
    p_failure: float | None
    p_rescue: float | None
    effects: dict[str, float | None]
    heterogeneity: float | None
    p_heterogeneity: float | None
    like_low: float | None
    like_high: float | None


class Ranks(TypedDict):
    """The mean rank of every arm over the data sets, 1 for the best, with Friedman's p and Nemenyi's critical difference."""

    ranks: dict[str, float]
    p: float
    critical: float


class Across(TypedDict):
    """What is said over several data sets: a row per ablation on the metric that decides, `others` on those beside it, and ranks
    where there are enough data sets."""

    data_sets: list[str]
    rows: list[AcrossRow]
    others: NotRequired[list[AcrossRow]]
    ranks: Ranks | None
