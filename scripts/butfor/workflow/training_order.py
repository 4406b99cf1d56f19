"""The order in which trainings start: what others are compared with comes first, so that a study which was stopped can be
compared as far as it got. Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from butfor.study.arm import is_baseline
from butfor.study.plan import Plan


def precedence(plan: Plan) -> Callable[[str], int]:
    """Gives how early an arm trains, by its name: 2 for a baseline, 1 for another reference, 0 for the rest."""
    references = {arm.reference for arm in plan.ablations}
    return lambda arm: 2 if is_baseline(arm) else int(arm in references)


def start_in_order(scheduler: type[Any]) -> None:
    """Have the jobs that Snakemake's `scheduler` chooses at one time started by their priority: it gives them in no order, and a
    cluster queues them as they come."""
    select = scheduler.select_jobs

    def select_in_order(self: Any, *arguments: Any, **named: Any) -> Any:
        return sorted(select(self, *arguments, **named), key=lambda job: -job.priority)

    scheduler.select_jobs = select_in_order
