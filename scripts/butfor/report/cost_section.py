"""The report's section on cost."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from butfor.figures.gallery import COST
from butfor.records.record import Record
from butfor.report.details import fold
from butfor.report.run_costs import RunCost
from butfor.verdicts.numbers import NONE

PHASES = ("data", "compile", "train", "evaluate", "diagnose")


def cost_section(records: list[Record], costs: Mapping[str, RunCost]) -> str:
    """The minutes of the whole study, and folded away seconds per arm and phase, all runs together, with each arm's parameters
    and its median run."""
    seconds = pd.DataFrame([{"arm": record.arm, **record.timing["seconds"]} for record in records]).fillna(0.0)
    phases = [phase for phase in PHASES if phase in seconds]
    totals = seconds.groupby("arm", sort=False)[phases].sum()
    heads = [*phases, "all", "training of a run", "parameters"]
    lines = ["| arm | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    for arm, row in totals.iterrows():
        numbers = [f"{value:.1f}" for value in (*row, row.sum())]
        lines.append(f"| `{arm}` | " + " | ".join([*numbers, *_of_arm(costs.get(str(arm)))]) + " |")
    words = (
        f"{totals.to_numpy().sum() / 60:.1f} minutes of training jobs in all, their start-up not counted, while as many ran side"
        " by side as there were."
    )
    note = (
        "Seconds per arm, all runs together; diagnose: what proves that each arm changed what it says. Training of a run: the"
        " median of the arm's runs. Parameters: those that are trained."
    )
    return f"## Cost\n\n{words}\n\n![{COST.title}](figures/{COST.name}.png)\n\n" + fold(
        "Seconds and parameters by arm", f"{note}\n\n" + "\n".join(lines)
    )


def _of_arm(cost: RunCost | None) -> list[str]:
    if cost is None:
        return [NONE, NONE]
    return [NONE if cost.seconds is None else f"{cost.seconds:.1f}", f"{cost.parameters}"]
