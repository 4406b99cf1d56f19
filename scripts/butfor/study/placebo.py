"""The placebo: an arm with the baseline's recipe and seeds of its own, so that whatever it shows is due to chance, or to
something that is wrong.

Its k-th seed is compared with the baseline's k-th, which has nothing in common with it. It is no ablation: it is judged by
itself, and takes nothing from the chance of error that the ablations share. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from butfor.arm_names import anywhere, on
from butfor.study.ablations import PlanError
from butfor.study.arm import Arm, baseline_of
from butfor.study.summary import ArmPlan, PlanSummary

PLACEBO = "placebo"  # the arm
APART = 2_000_000  # the distance of its seeds from the study's; those of searches lie between


def with_placebo(arms: dict[str, Arm], settings: dict[str, Any], data_sets: Iterable[str]) -> dict[str, Arm]:
    """The arms with a placebo on each data set, last. Raises PlanError for a study that cannot have one."""
    at = (PLACEBO,)
    if any(anywhere(name) == PLACEBO for name in arms):
        raise PlanError(
            "placebo: expected no ablation of that name beside it, received one. Give the ablation another name, or leave placebo"
            " out.",
            at,
        )
    if settings["replicates"]:
        raise PlanError(
            "placebo: expected seeds, of which others can be drawn, received replicates, whose folds are all there are. Leave"
            " placebo out.",
            at,
        )
    placed = [on(PLACEBO, data_set) for data_set in data_sets]
    made = {name: replace(arms[baseline_of(name)], name=name, placebo=True, label="") for name in placed}
    return {**arms, **made}


def own_seeds(arm: Arm, seeds: Iterable[int]) -> list[int]:
    """The seeds that an arm trains in the place of the study's."""
    return [seed + APART if arm.placebo else seed for seed in seeds]


def study_seed(seed: int, first: int) -> int:
    """The seed of the study in whose place a seed was trained. first: the first of the study's."""
    return seed - APART if seed >= first + APART else seed


def is_placebo(arm: ArmPlan) -> bool:
    """Whether an arm of a plan's summary is a placebo."""
    return arm.get("placebo", False)


def placebos_of(study: PlanSummary) -> list[ArmPlan]:
    """The placebos of a study, one on each data set; none unless it asks for them."""
    return [arm for arm in study["arms"] if is_placebo(arm)]
