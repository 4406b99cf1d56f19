"""The report's table of arms: what each changes, and what it reaches."""

from __future__ import annotations

from butfor.languages.phrases import level_term, phrase, term
from butfor.plain_text import plain
from butfor.study.metrics import Metric
from butfor.study.study_metrics import beside, judged_by
from butfor.study.summary import Study
from butfor.verdicts.numbers import NONE, mean_and_sd
from butfor.verdicts.rows import ArmRow
from butfor.verdicts.words import setting_shown


def arm_section(study: Study, rows: list[ArmRow]) -> str:
    """Every arm with what it changes, its runs and failures, and mean ± standard deviation of the runs that did not fail."""
    shown = [judged_by(study), *(beside(study) if study.get("metrics") else ())]
    heads = [f"{term(metric.title)}, {level_term(metric.unit.level)}" for metric in shown]
    head = [phrase("arm"), phrase("against"), phrase("what it changes"), phrase("runs"), phrase("failed"), *heads]
    rule = ["---"] * 3 + ["---:"] * (2 + len(shown))
    lines = [_cells(row, shown) for row in rows]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *lines))
    note = phrase("Mean ± standard deviation over runs.")
    if any(row["failed"] for row in rows):
        note = f"{note} {phrase('Runs that failed are in no mean, which is then of the others alone.')}"
    return f"## {phrase('Arms')}\n\n{table}\n\n{note}"


def _cells(row: ArmRow, shown: list[Metric]) -> list[str]:
    finished = row["runs"] - row["failed"]
    changed = "; ".join(plain(setting_shown(change)) for change in row["changes"])
    of_runs = phrase("{n} of {n_all}", n=finished, n_all=row["runs"])
    survivors = f" ({of_runs})" if row["failed"] and finished else ""
    return [
        f"`{row['arm']}`" + (f" ({plain(row['label'])})" if row.get("label") else ""),
        f"`{row['reference']}`" if row["reference"] else NONE,
        changed or NONE,
        f"{row['runs']}",
        f"{row['failed']}",
        *(_reached(row, metric) + survivors for metric in shown),
    ]


def _reached(row: ArmRow, metric: Metric) -> str:
    level = row["reaches"][metric.name]
    return mean_and_sd(level["mean"], level["sd"], metric.unit.decimals)
