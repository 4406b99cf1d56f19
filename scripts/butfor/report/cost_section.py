"""The report's section on cost."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from butfor.figures.gallery import COST
from butfor.languages.phrases import phrase, stored
from butfor.records.record import Record
from butfor.report.details import fold
from butfor.report.run_costs import RunCost
from butfor.verdicts.numbers import NONE
from butfor.verdicts.uneven_loads import remark_on_seconds

PHASES = ("data", "compile", "train", "evaluate", "diagnose")


def cost_section(records: list[Record], costs: Mapping[str, RunCost]) -> str:
    """The minutes of the whole study, and folded away seconds per arm and phase, all runs together, with each arm's parameters
    and its median run."""
    seconds = pd.DataFrame([{"arm": record.arm, **record.timing["seconds"]} for record in records]).fillna(0.0)
    phases = [phase for phase in PHASES if phase in seconds]
    totals = seconds.groupby("arm", sort=False)[phases].sum()
    named = {
        "data": phrase("data"),
        "compile": phrase("compile"),
        "train": phrase("train"),
        "evaluate": phrase("evaluate"),
        "diagnose": phrase("diagnose"),
    }
    heads = [*(named[phase] for phase in phases), phrase("all"), phrase("training of a run"), phrase("parameters")]
    lines = [f"| {phrase('arm')} | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    for arm, row in totals.iterrows():
        numbers = [f"{value:.1f}" for value in (*row, row.sum())]
        lines.append(f"| `{arm}` | " + " | ".join([*numbers, *_of_arm(costs.get(str(arm)))]) + " |")
    words = phrase(
        "{minutes} minutes of training jobs in all, their start-up not counted, while as many ran side by side as there were.",
        minutes=f"{totals.to_numpy().sum() / 60:.1f}",
    )
    words = " ".join(filter(None, [words, remark_on_seconds(records)]))
    note = phrase(
        "Seconds per arm, all runs together; diagnose: what proves that each arm changed what it says. Training of a run: the"
        " median of the arm's runs. Parameters: those that are trained, of all where some are not."
    )
    return f"## {phrase('Cost')}\n\n{words}\n\n![{stored(COST.title)}](figures/{COST.name}.png)\n\n" + fold(
        phrase("Seconds and parameters by arm"), f"{note}\n\n" + "\n".join(lines)
    )


def _of_arm(cost: RunCost | None) -> list[str]:
    if cost is None:
        return [NONE, NONE]
    return [NONE if cost.seconds is None else f"{cost.seconds:.1f}", cost.parameters_in_words]
