"""A start's outcome in a few lines: where the report is, what it says, what failed. No pandas, so that they come at once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from butfor.checks.outcomes import CheckOutcome, CheckRow
from butfor.plain_text import counted, sentence
from butfor.process.failure_note import by_reason, read_notes
from butfor.process.start_command import start_command
from butfor.records.results_folder import RUNS, RUNS_FOLDER, TRACKED, JobPlace, finished_seeds
from butfor.report import failed_job
from butfor.report.answer import answer_of, before_all
from butfor.study.study_metrics import ELSEWHERE, metrics_of
from butfor.verdicts.rows import Comparison, ContrastRow, FailedRuns
from butfor.verdicts.words import runs_in_words

REFUSED: dict[CheckOutcome, str] = {
    "void": "Void, nothing changed",
    "unproven": "Unproven, no verdict",
    "unverified": "Unverified, but judged",
}
PARTIAL = "`snakemake partial`, with the same options, reports on what there is."
MOST_LINES = 5  # of failures; the report has them all


def headline(results: Path, folder: Path) -> str:
    """Of a finished study: where its report is, what is the matter with the baseline, the arms without a verdict, the failed
    runs with their logs, how to open MLflow, and last how many there are of each verdict and the answer.

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
        *before_all(comparison, marked=False),
        *_refused(folder),
        *_failures(results, comparison),
        *_runs(results),
        *(
            [f"Verdicts on {metric.title}{over}: {', '.join(f'{n} {verdict}' for verdict, n in counts)}."]
            if counts
            else []
        ),
        *(f"  {said}" for said in answer_of(rows, comparison, marked=False)),
    ]
    return "\n".join(lines)


def _runs(results: Path) -> list[str]:
    """How to open MLflow, where it has the runs."""
    place = "" if results == Path("results") else f" RESULTS={results}"
    return [f"Runs:   make ui{place}"] if (results / TRACKED).exists() else []


def unfinished(results: Path) -> str:
    """Of a start that failed: the jobs that left no records, why, with their logs, and what to do."""
    notes = read_notes(results)
    lines = [_unfinished(same) for same in by_reason(notes)]
    lead = "" if _has_records(results) else "No run of the study has ended well. "
    what = (
        f"{counted(len(notes), 'training job')} left no records:"
        if notes
        else "A step failed; what it said is shown above."
    )
    return "\n".join([lead + what, *_few(lines), *_again("tries again", results)])


def stopped(results: Path, by: str) -> str:
    """Of a start that the user stopped: by what, and what to do."""
    return "\n".join([f"Stopped by {by}. {_again('goes on', results)[0]}", *_again("goes on", results)[1:]])


def _again(does: str, results: Path) -> list[str]:
    """What the same command does, which it is where that is known, and what can be had meanwhile."""
    kept = len([*results.glob(RUNS.format(arm="*", look="look*/seed_*.json")), *finished_seeds(results / RUNS_FOLDER)])
    so_far = f", {counted(kept, 'run')} so far" if kept else ""
    command = start_command()
    return [
        f"The same command {does} and keeps all that is finished{so_far}{':' if command else '.'}",
        *([f"  {command}"] if command else []),
        *([PARTIAL] if _has_records(results) else []),
    ]


def _unfinished(notes: list[dict[str, Any]]) -> str:
    """A line on jobs that ended for the same reason."""
    first, arms = notes[0], [note["arm"] for note in notes]
    named = " and ".join([", ".join(arms[:-1]), arms[-1]] if len(arms) > 1 else arms)
    said = f"  {named}, {_where(first)}: {sentence(first['why'].removeprefix(arms[0] + ': '))} Log: {first['log']}"
    lines = failed_job.user_lines(failed_job.log_text(first["log"]), first["why"])
    return "\n".join([said, *(f"  {line}" for line in lines)])


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
    total, folds = comparison["runs"], comparison.get("replicates")
    lead = f"Every one of {counted(total, 'run')} failed:" if failed == total else f"Failed: {failed} of {total} runs."
    elsewhere = comparison.get("task") == ELSEWHERE
    return [lead, *_few([_failure(results, row, folds, elsewhere) for row in comparison["failed"]])]


def _failure(results: Path, row: FailedRuns, folds: dict[str, Any] | None, elsewhere: bool) -> str:
    """Why runs of an arm failed, and where their log is; runs made elsewhere have none."""
    log = JobPlace(results / RUNS.format(arm=row["arm"], look=row["look"])).log
    ended = f"  {row['arm']}, {runs_in_words(row['seeds'], folds)}, {row['ending']}: {sentence(row['reason'])}"
    return ended if elsewhere else f"{ended} Log: {log}"


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"  and {more} more"]


def _where(note: dict[str, Any]) -> str:
    return str(note["look"]) if note["seed"] is None else f"{note['look']}, at seed {note['seed']}"


def _has_records(results: Path) -> bool:
    return any(results.glob(RUNS.format(arm="*", look="look*")))


def _json(path: Path) -> Any:
    return json.loads(path.read_text())
