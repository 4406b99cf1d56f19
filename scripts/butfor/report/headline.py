"""A start's outcome in a few lines: where the report is, what it says, what failed. No pandas, so that they come at once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from butfor.checks.outcomes import CheckOutcome, CheckRow
from butfor.plain_text import counted, sentence
from butfor.process.failure_note import by_reason, read_notes
from butfor.records.results_folder import RUNS, TRACKED, JobPlace
from butfor.study.study_metrics import metrics_of
from butfor.verdicts.rows import Comparison, ContrastRow, FailedRuns
from butfor.verdicts.words import in_words, most_important, seeds_in_words, unlisted

REFUSED: dict[CheckOutcome, str] = {
    "void": "Void, nothing changed",
    "unproven": "Unproven, no verdict",
    "unverified": "Unverified, but judged",
}
MOST_LINES = 5  # of failures; the report has them all


def headline(results: Path, folder: Path) -> str:
    """Of a finished study: where its report is, what is the matter with the baseline, the arms without a verdict, how many
    of each verdict, the most important ones, the failed runs with their logs, and how to open MLflow.

    folder: of the report and what it was made from, the results folder or that of a partial report.
    """
    rows: list[ContrastRow] = _json(folder / "contrasts.json")
    comparison: Comparison = _json(folder / "comparison.json")
    metric = metrics_of(comparison)[comparison["metric"]]
    counts = Counter(row["verdict"] for row in metric.rows(rows)).most_common()
    folds = comparison.get("replicates")
    over = f" over {counted(folds['folds'] * folds['repeats'], 'fold')}" if folds else ""
    lines = [
        f"Report: {folder / 'report.md'}",
        *([comparison["baseline"].replace("*", "").replace("`", "")] if comparison["baseline"] else []),
        *_refused(folder),
        *(
            [f"Verdicts on {metric.title}{over}: {', '.join(f'{n} {verdict}' for verdict, n in counts)}."]
            if counts
            else []
        ),
        *(f"  {in_words(row)}" for row in most_important(rows, metric)),
        *(f"  {words}" for words in unlisted(rows, metric)),
        *_failures(results, comparison),
    ]
    place = "" if results == Path("results") else f" RESULTS={results}"
    return "\n".join([*lines, *([f"Runs:   make ui{place}"] if (results / TRACKED).exists() else [])])


def unfinished(results: Path) -> str:
    """Of a start that failed: the jobs that left no records, why, with their logs, and what to do."""
    notes = read_notes(results)
    lines = [_unfinished(same) for same in by_reason(notes)]
    lead = "" if _has_records(results) else "No run of the study has ended well. "
    what = (
        f"{counted(len(notes), 'training job')} left no records:" if notes else "A step failed; its log is shown above."
    )
    again = f"The same command tries again and keeps all that is finished.{_partial(results)}"
    return "\n".join([lead + what, *_few(lines), again])


def stopped(results: Path, by: str) -> str:
    """Of a start that the user stopped: by what, and what to do."""
    return f"Stopped by {by}. The same command goes on and keeps all that is finished.{_partial(results)}"


def _unfinished(notes: list[dict[str, Any]]) -> str:
    """A line on jobs that ended for the same reason."""
    first, arms = notes[0], [note["arm"] for note in notes]
    named = " and ".join([", ".join(arms[:-1]), arms[-1]] if len(arms) > 1 else arms)
    return f"  {named}, {_where(first)}: {sentence(first['why'].removeprefix(arms[0] + ': '))} Log: {first['log']}"


def _refused(folder: Path) -> list[str]:
    """The arms whose manipulation check says that they show nothing, a line per kind."""
    path = folder / "checks.json"
    checks: list[CheckRow] = _json(path) if path.is_file() else []
    named = {kind: [row["arm"] for row in checks if row["outcome"] == kind] for kind in REFUSED}
    return [f"{words}: {', '.join(named[kind])}" for kind, words in REFUSED.items() if named[kind]]


def _failures(results: Path, comparison: Comparison) -> list[str]:
    failed = sum(len(row["seeds"]) for row in comparison["failed"])
    if not failed:
        return []
    total = comparison["runs"]
    lead = f"Every one of {counted(total, 'run')} failed:" if failed == total else f"Failed: {failed} of {total} runs."
    return [lead, *_few([_failure(results, row) for row in comparison["failed"]])]


def _failure(results: Path, row: FailedRuns) -> str:
    log = JobPlace(results / RUNS.format(arm=row["arm"], look=row["look"])).log
    return f"  {row['arm']}, {seeds_in_words(row['seeds'])}, {row['ending']}: {sentence(row['reason'])} Log: {log}"


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"  and {more} more"]


def _where(note: dict[str, Any]) -> str:
    return str(note["look"]) if note["seed"] is None else f"{note['look']}, at seed {note['seed']}"


def _partial(results: Path) -> str:
    return " `snakemake partial`, with the same options, reports on what there is." if _has_records(results) else ""


def _has_records(results: Path) -> bool:
    return any(results.glob(RUNS.format(arm="*", look="look*")))


def _json(path: Path) -> Any:
    return json.loads(path.read_text())
