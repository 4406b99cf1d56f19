"""The trainings that a study may come to: if every ablation is settled as early as it can be, and if none ever is."""

from __future__ import annotations

from collections.abc import Callable, Collection

from butfor.study.plan import Plan

Trainings = list[tuple[str, str]]  # arm, look
Decided = Callable[[str], Collection[str] | None]  # the arms that train after a look; None where that is not known yet


def least(plan: Plan, decided: Decided) -> Trainings:
    """The trainings if all is settled after the looks that are decided already, or after the first."""
    return plan.trainings(lambda look: list(decided(look) or ()))


def most(plan: Plan, decided: Decided, max_runs: int | None = None) -> Trainings:
    """The trainings if nothing more is settled; at most the looks that a budget of runs allows."""
    left, seeds = list(plan.arms), {look.name: len(look.seeds) for look in plan.looks}
    names, runs = list(seeds), len(plan.arms) * len(plan.looks[0].seeds)

    def undecided(look: str) -> list[str]:
        nonlocal left, runs
        known = decided(look)
        left = left if known is None else [arm for arm in left if arm in known]
        runs += len(left) * seeds[names[names.index(look) + 1]]
        return [] if max_runs is not None and runs > max_runs else left

    return plan.trainings(undecided)
