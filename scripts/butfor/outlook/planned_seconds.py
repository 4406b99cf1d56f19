"""What a plan that was written beside the results tells of a study's runs: for a start of the same, before any run has ended."""

from __future__ import annotations

import json
from pathlib import Path

from butfor.fingerprint import canonical, fingerprint
from butfor.outlook.run_seconds import RunSeconds
from butfor.records.provenance import gpus
from butfor.study.plan import Plan
from butfor.workflow import parameters

PLAN = "plan.json"  # in the results folder


def mark_of(plan: Plan, threads: int) -> str:
    """What stands for all that a plan's times of runs follow from: engine, threads, GPUs, and the recipe of each arm."""
    recipes = {arm.name: canonical(arm.recipe) for arm in plan.arms.values()}
    return fingerprint([parameters.engine(), threads, gpus(), recipes])


def planned_seconds(results: Path, mark: str) -> dict[str, RunSeconds]:
    """By arm, what its runs take as the plan in a results folder has them; none if it was made of something else (see mark_of),
    or is not there."""
    try:
        written = json.loads((results / PLAN).read_text(encoding="utf-8"))
        arms = written["time"]["arms"] if written["mark"] == mark else {}
        return {arm: RunSeconds(**seconds) for arm, seconds in arms.items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
