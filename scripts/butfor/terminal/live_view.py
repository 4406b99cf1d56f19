"""The live view of a study in the terminal: its runs, arms, time left, verdicts and failures, drawn anew in place."""

from __future__ import annotations

import time

from rich.console import Group
from rich.table import Table
from rich.text import Text

from butfor.report.study_progress import StudyProgress
from butfor.terminal.progress_text import (
    EMPTY,
    FAILED,
    FULL,
    NO_RECORDS,
    Row,
    look_in_words,
    progress_rows,
    runs_in_words,
)
from butfor.terminal.time_left import Left
from butfor.verdicts.numbers import duration

INDENT = 2
BAR = 36  # characters, where the terminal is wide enough for them
STYLES = {FAILED: "red", NO_RECORDS: "red", "helps": "green", "hurts": "yellow"}


def live_view(title: str, progress: StudyProgress, left: Left | None, since: float, doing: str = "") -> Group:
    """What the terminal shows of a study that is at work. since: when that began, in seconds since 1970. doing: what is done
    beside or after the trainings."""
    passed = duration((time.time() - since) / 3600)
    rows = [] if progress.is_reported and not doing else progress_rows(progress, left)  # the last words say all
    if doing:
        rows.insert(1, Row("now", doing))
    table = Table.grid(padding=(0, INDENT, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    before = ""
    for row in rows:
        table.add_row(Text("" if row.kind == before else row.name, style=STYLES.get(row.kind, "dim")), Text(row.text))
        before = row.kind
    return Group(
        Text.assemble((title, "bold"), (f"  {passed}", "dim"), no_wrap=True, overflow="ellipsis"), _bar(progress), table
    )


def _bar(progress: StudyProgress) -> Text:
    full = round(BAR * (progress.done / progress.planned if progress.planned else 1.0))
    counts = f" {runs_in_words(progress)}, {look_in_words(progress)}"
    return Text.assemble(
        (FULL * full, "cyan"), (EMPTY * (BAR - full), "dim"), counts, no_wrap=True, overflow="ellipsis"
    )
