"""How far a study is, as rows of a name and what is to be said of it: the same in the live view and in plain text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from butfor.plain_text import counted
from butfor.report.study_progress import JobProgress, StudyProgress
from butfor.terminal.time_left import Left
from butfor.verdicts.numbers import duration

MOST_SHOWN = 6  # trainings under way, arms that failed, and reasons
WIDTH = 30  # of the bar in plain text
FULL, EMPTY = "━", "╌"
OPEN = "undecided"

Row = tuple[str, str]


def progress_rows(found: StudyProgress, left: Left | None = None) -> list[Row]:
    """What is to be said beside the bar."""
    rows = [("arms", arms_in_words(found.jobs))]
    if found.is_running and found.under_way:
        rows.append(("training", _few([f"{job.arm} ({job.at})" for job in found.under_way], "; ")))
    if found.is_running and left is not None:
        rows.append(("time left", left_in_words(found, left)))
    rows += verdict_rows(found)
    rows += [("failed", line) for line in _lines(found.failed)]
    rows += [("no records", line) for line in _lines(found.notes)]
    return rows


def arms_in_words(jobs: Sequence[JobProgress]) -> str:
    """How many arms of a look are done, train and wait."""
    done, train = sum(job.has_ended for job in jobs), sum(job.since is not None for job in jobs)
    return f"{done} of {len(jobs)} done, {train} in training, {len(jobs) - done - train} waiting"


def look_in_words(found: StudyProgress) -> str:
    """Which look trains now."""
    if len(found.looks) == 1:
        return counted(found.looks[0], "seed")
    return f"look {found.place + 1} of {len(found.looks)}, up to {counted(found.looks[found.place], 'seed')}"


def runs_in_words(found: StudyProgress) -> str:
    """How many runs of the look have ended."""
    return f"{found.done} of {counted(found.planned, 'run')}"


def left_in_words(found: StudyProgress, left: Left) -> str:
    """The time that is left."""
    about = duration(left.look / 3600)
    if len(found.looks) == found.place + 1:
        return f"about {about}"
    return f"about {about} if this look decides all, at most about {duration(left.most / 3600)}"


def verdict_rows(found: StudyProgress) -> list[Row]:
    """The verdicts that stand, and the ablations that are undecided, with their effects so far; before the first look has
    ended, when there will be some."""
    if not found.decisions:
        return [] if found.is_reported else [("verdicts", f"come after {counted(found.looks[0], 'seed')} of each arm")]
    decision = found.decisions[-1]
    lead = f"after {counted(decision['seen'], 'seed')}, {decision['settled']} of {decision['ablations']} ablations are settled"
    named: dict[str, list[str]] = {}
    for arm, judged in decision.get("verdicts", {}).items():
        verdict = judged["verdict"] if arm not in decision["undecided"] else OPEN
        named.setdefault(verdict, []).append(f"{arm} {judged['effect']}")
    settled = [(verdict, ", ".join(arms)) for verdict, arms in sorted(named.items()) if verdict != OPEN]
    undecided = named.get(OPEN, decision["undecided"])
    return [("verdicts", lead), *settled, *([(OPEN, ", ".join(undecided))] if undecided else [])]


def progress_text(found: StudyProgress, results: Path, left: Left | None = None) -> str:
    """How far a study is, in a few lines of plain text."""
    share = found.done / found.planned if found.planned else 1.0
    bar = (FULL * round(WIDTH * share)).ljust(WIDTH, EMPTY)
    rows = progress_rows(found, left)
    width = max(len(name) for name, _ in rows)
    lines = [
        f"{results}: {'a start is at work' if found.is_running else 'no start is at work'}",
        f"{bar} {runs_in_words(found)}, {look_in_words(found)}",
        *(f"{name.ljust(width)}  {said}" for name, said in rows),
    ]
    if not found.is_running:
        report = results / "report.md"
        lines.append(f"Report: {report}" if found.is_reported else "`butfor run`, with the same study, goes on.")
    return "\n".join(lines)


def _lines(lines: Sequence[str]) -> list[str]:
    more = len(lines) - MOST_SHOWN
    return list(lines) if more <= 0 else [*lines[:MOST_SHOWN], f"and {more} more"]


def _few(words: Sequence[str], between: str) -> str:
    return between.join(_lines(words))
