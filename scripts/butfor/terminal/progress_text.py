"""How far a study is, as rows of a name and what is to be said of it: the same in the live view and in plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from butfor.languages.phrases import phrase, stored, template
from butfor.plain_text import counted
from butfor.report.study_progress import JobProgress, StudyProgress
from butfor.terminal.time_left import Left
from butfor.text_width import padded, width
from butfor.verdicts.numbers import duration

MOST_SHOWN = 6  # trainings under way, arms that failed, and reasons
WIDTH = 30  # of the bar in plain text
FULL, EMPTY = "━", "╌"
FAILED, NO_RECORDS, OPEN = "failed", "no records", "undecided"
NAMES = {
    "arms": template("arms"),
    "now": template("now"),
    "training": template("training"),
    "time left": template("time left"),
    "verdicts": template("verdicts"),
    FAILED: template("failed"),
    NO_RECORDS: template("no records"),
    OPEN: template("undecided"),
}


class Row(NamedTuple):
    """A line beside the bar: what kind it is of, one of NAMES or a verdict, and what is said."""

    kind: str
    text: str

    @property
    def name(self) -> str:
        """What stands before it, in the language in use."""
        return phrase(NAMES[self.kind]) if self.kind in NAMES else stored(self.kind)


def progress_rows(progress: StudyProgress, left: Left | None = None) -> list[Row]:
    """What is to be said beside the bar."""
    rows = [Row("arms", arms_in_words(progress.jobs))]
    if progress.is_running and progress.under_way:
        rows.append(Row("training", _few([f"{job.arm} ({job.at})" for job in progress.under_way], "; ")))
    if progress.is_running and left is not None:
        rows.append(Row("time left", left_in_words(progress, left)))
    elif progress.is_running and not progress.done and not progress.place:
        words = phrase("not known yet: what trains the runs is compiled first, and then the first runs tell it")
        rows.append(Row("time left", words))
    rows += verdict_rows(progress)
    rows += [Row(FAILED, line) for line in _lines(progress.failed)]
    rows += [Row(NO_RECORDS, line) for line in _lines(progress.notes)]
    return rows


def arms_in_words(jobs: Sequence[JobProgress]) -> str:
    """How many arms of a look are done, train and wait."""
    done, train = sum(job.has_ended for job in jobs), sum(job.since is not None for job in jobs)
    return phrase(
        "{done} of {all} done, {train} in training, {waiting} waiting",
        done=done,
        all=len(jobs),
        train=train,
        waiting=len(jobs) - done - train,
    )


def look_in_words(progress: StudyProgress) -> str:
    """Which look trains now."""
    if len(progress.looks) == 1:
        return counted(progress.looks[0], "seed")
    seeds = counted(progress.looks[progress.place], "seed")
    return phrase(
        "look {look} of {looks}, up to {seeds}", look=progress.place + 1, looks=len(progress.looks), seeds=seeds
    )


def runs_in_words(progress: StudyProgress) -> str:
    """How many runs of the look have ended."""
    return phrase("{done} of {runs}", done=progress.done, runs=counted(progress.planned, "run"))


def left_in_words(progress: StudyProgress, left: Left) -> str:
    """The time that is left."""
    if left.is_planned:
        measured = left_in_words(progress, replace(left, is_planned=False))
        return phrase("{left}, as the plan has it: no run tells it yet", left=measured)
    about = duration(left.look / 3600)
    if len(progress.looks) == progress.place + 1:
        return phrase("about {time}", time=about)
    most = duration(left.most / 3600)
    return phrase("about {time} if this look decides all, at most about {most}", time=about, most=most)


def verdict_rows(progress: StudyProgress) -> list[Row]:
    """The verdicts that stand, and the ablations that are undecided, with their effects so far; before the first look has
    ended, when there will be some."""
    if not progress.decisions:
        words = phrase("come after {seeds} of each arm", seeds=counted(progress.looks[0], "seed"))
        return [] if progress.is_reported else [Row("verdicts", words)]
    decision = progress.decisions[-1]
    lead = phrase(
        "after {seeds}, {settled} of {all} ablations are settled",
        seeds=counted(decision["seen"], "seed"),
        settled=decision["settled"],
        all=decision["ablations"],
    )
    if given_up := len(decision.get("given_up", [])):
        lead = phrase("{lead}, {given_up} stopped undecided", lead=lead, given_up=given_up)
    named: dict[str, list[str]] = {}
    for arm, judged in decision.get("verdicts", {}).items():
        verdict = judged["verdict"] if arm not in decision["undecided"] else OPEN
        named.setdefault(verdict, []).append(f"{arm} {judged['effect']}")
    settled = [Row(verdict, ", ".join(arms)) for verdict, arms in sorted(named.items()) if verdict != OPEN]
    undecided = named.get(OPEN, decision["undecided"])
    return [Row("verdicts", lead), *settled, *([Row(OPEN, ", ".join(undecided))] if undecided else [])]


def progress_text(progress: StudyProgress, results: Path, left: Left | None = None) -> str:
    """How far a study is, in a few lines of plain text."""
    share = progress.done / progress.planned if progress.planned else 1.0
    bar = (FULL * round(WIDTH * share)).ljust(WIDTH, EMPTY)
    rows = progress_rows(progress, left)
    wide = max(width(row.name) for row in rows)
    at_work = phrase("a start is at work") if progress.is_running else phrase("no start is at work")
    lines = [
        f"{results}: {at_work}",
        f"{bar} {runs_in_words(progress)}, {look_in_words(progress)}",
        *(f"{padded(row.name, wide)}  {row.text}" for row in rows),
    ]
    if not progress.is_running:
        report = results / "report.html"
        goes_on = phrase("`butfor run`, with the same study, goes on.")
        lines.append(phrase("Report: {path}", path=report) if progress.is_reported else goes_on)
    return "\n".join(lines)


def _lines(lines: Sequence[str]) -> list[str]:
    more = len(lines) - MOST_SHOWN
    return list(lines) if more <= 0 else [*lines[:MOST_SHOWN], phrase("and {n} more", n=more)]


def _few(words: Sequence[str], between: str) -> str:
    return between.join(_lines(words))
