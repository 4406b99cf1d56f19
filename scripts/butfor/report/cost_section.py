"""The report's section on cost."""

from __future__ import annotations

import pandas as pd

from butfor.records.record import Record

PHASES = ("data", "compile", "train", "evaluate", "diagnose")


def cost_section(records: list[Record]) -> str:
    """Seconds per arm and phase, all seeds together, and the minutes of the whole study."""
    seconds = pd.DataFrame([{"arm": record.arm, **record.timing["seconds"]} for record in records]).fillna(0.0)
    phases = [phase for phase in PHASES if phase in seconds]
    totals = seconds.groupby("arm", sort=False)[phases].sum()
    lines = ["| arm | " + " | ".join(phases) + " | all |", "| --- |" + " ---: |" * (len(phases) + 1)]
    for arm, row in totals.iterrows():
        lines.append(f"| `{arm}` | " + " | ".join(f"{value:.1f}" for value in row) + f" | {row.sum():.1f} |")
    total = f"{totals.to_numpy().sum() / 60:.1f} minutes of training jobs in all, their start-up not counted."
    words = f"Seconds per arm, all seeds together; diagnose: what proves that each arm changed what it says. {total}"
    return f"## Cost\n\n{words}\n\n" + "\n".join(lines)
