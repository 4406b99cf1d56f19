"""A start's outcome in a few lines: where the report is, what it says, what failed. No pandas, so that they come at once."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

from butfor.checks.outcomes import CheckOutcome, CheckRow
from butfor.languages.phrases import phrase, plural, stored, term
from butfor.plain_text import counted, sentence
from butfor.process.failure_note import by_reason, read_notes
from butfor.process.start_command import has_options, report_command, start_command
from butfor.records.results_folder import REPORT, RUNS, TRACKED, JobPlace
from butfor.report import failed_job
from butfor.report.answer import answer_of, before_all
from butfor.report.study_progress import kept_runs
from butfor.study.study_metrics import ELSEWHERE, metrics_of
from butfor.user_code.location import WORKFLOW
from butfor.verdicts.rows import Comparison, ContrastRow, FailedRuns
from butfor.verdicts.shown_intervals import short_note, with_marks
from butfor.verdicts.words import listed, runs_in_words

REFUSED: tuple[CheckOutcome, ...] = ("void", "unproven", "unverified")
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
    tally = ", ".join(phrase("{n} {verdict}", n=n, verdict=stored(verdict)) for verdict, n in counts)
    values = {"metric": term(metric.title), "verdicts": tally}
    if folds:
        over = counted(folds["folds"] * folds["repeats"], "fold")
        verdicts = phrase("Verdicts on {metric} over {folds}: {verdicts}.", folds=over, **values)
    else:
        verdicts = phrase("Verdicts on {metric}: {verdicts}.", **values)
    answer = answer_of(with_marks(rows), comparison, marked=False)
    lines = [
        _where_report_is(folder),
        *before_all(comparison, marked=False),
        *_refused(folder),
        *_failures(results, comparison),
        *_runs(results),
        *([verdicts] if counts else []),
        *(f"  {line}" for line in answer),
        *(f"  {line}" for line in short_note("".join(answer))),
    ]
    return "\n".join(lines)


def _where_report_is(folder: Path) -> str:
    """The page, and the text for those who stay in the terminal."""
    if not (folder / "report.html").is_file():
        return phrase("Report: {path}", path=folder / "report.md")
    return phrase("Report: {path} (as text: {text})", path=folder / "report.html", text="report.md")


def _runs(results: Path) -> list[str]:
    """How to open MLflow, where it has the runs: by `make` in the folder that has butfor's Makefile."""
    has_makefile = Path.cwd().resolve() == WORKFLOW
    opens, named = (
        ("make ui", f" RESULTS={results}") if has_makefile else ("butfor ui", f" {shlex.quote(str(results))}")
    )
    command = opens if results == Path("results") else opens + named
    return [phrase("Runs:   {command}", command=command)] if (results / TRACKED).exists() else []


def unfinished(results: Path, is_refused: bool = False) -> str:
    """Of a start that failed: the jobs that left no records, why, with their logs, and what to do. is_refused: whether all ended
    because of what the study file says or names."""
    notes = read_notes(results)
    lines = [_unfinished(same, results) for same in by_reason(notes)]
    what = (
        plural("{n} training job left no records:", "{n} training jobs left no records:", len(notes))
        if notes
        else phrase("A step failed; what it said is shown above.")
    )
    if not _has_records(results):
        what = f"{phrase('No run of the study has ended well.')} {what}"
    again = (
        phrase(
            "Trying again changes nothing: correct the study file, or the data or code that it names. The same command then keeps"
            " all that is finished"
        )
        if is_refused
        else phrase("The same command tries again and keeps all that is finished")
    )
    return "\n".join([what, *_few(lines), *_again(again, results)])


def stopped(results: Path, by: str) -> str:
    """Of a start that the user stopped: by what, and what to do."""
    first, *rest = _again(phrase("The same command goes on and keeps all that is finished"), results)
    return "\n".join([f"{phrase('Stopped by {what}.', what=by)} {first}", *rest])


def cut_short(results: Path) -> str:
    """Of a start that was to end before the report, by Snakemake's options: what there is, and whose an earlier report is."""
    kept = kept_runs(results)
    lines = [
        phrase("The report was not asked for (--until, --omit-from): the same command without that option makes it.")
    ]
    if kept:
        lines += [
            phrase(
                "So far there are records of {runs}: `{command}` reports on them.",
                runs=counted(kept, "run"),
                command=report_command(),
            )
        ]
    if (results / REPORT).exists():
        lines += [phrase("{path} is of an earlier start.", path=results / REPORT)]
    return "\n".join(lines)


def _again(does: str, results: Path) -> list[str]:
    """What the same command does, which it is where that is known, and what can be had meanwhile."""
    if kept := kept_runs(results):
        does = phrase("{does}, {runs} so far", does=does, runs=counted(kept, "run"))
    command, partial = start_command(), report_command()
    report = (
        phrase("`{command}`, with the same options, reports on what there is.", command=partial)
        if has_options()
        else phrase("`{command}` reports on what there is.", command=partial)
    )
    return [
        f"{does}{':' if command else '.'}",
        *([f"  {command}"] if command else []),
        *([report] if _has_records(results) else []),
    ]


def _unfinished(notes: list[dict[str, Any]], results: Path) -> str:
    """A line on jobs that ended for the same reason."""
    first, arms = notes[0], [note["arm"] for note in notes]
    why = sentence(stored(first["why"].removeprefix(arms[0] + ": ")))
    head = f"  {listed(arms)}, {_where(first)}: {why} {phrase('Log: {log}', log=first['log'])}"
    own = JobPlace(results / RUNS.format(arm=first["arm"], look=first["look"])).log.name
    of_several = Path(first["log"]).name != own
    lines = failed_job.user_lines(failed_job.log_text(first["log"]), first["why"], of_several)
    return "\n".join([head, *(f"  {line}" for line in lines)])


def _refused(folder: Path) -> list[str]:
    """The arms whose manipulation check says that they show nothing, a line per kind."""
    path = folder / "checks.json"
    checks: list[CheckRow] = _json(path) if path.is_file() else []
    named = {kind: [row["arm"] for row in checks if row["outcome"] == kind] for kind in REFUSED}
    words = {
        "void": phrase("Void, nothing changed"),
        "unproven": phrase("Unproven, no verdict"),
        "unverified": phrase("Unverified, but judged"),
    }
    return [f"{words[kind]}: {', '.join(arms)}" for kind, arms in named.items() if arms]


def _failures(results: Path, comparison: Comparison) -> list[str]:
    failed = sum(len(row["seeds"]) for row in comparison["failed"])
    if not failed:
        return []
    total, folds = comparison["runs"], comparison.get("replicates")
    lead = (
        phrase("Every one of {runs} failed:", runs=counted(total, "run"))
        if failed == total
        else phrase("Failed: {n} of {n_all} runs.", n=failed, n_all=total)
    )
    elsewhere = comparison.get("task") == ELSEWHERE
    return [lead, *_few([_failure(results, row, folds, elsewhere) for row in comparison["failed"]])]


def _failure(results: Path, row: FailedRuns, folds: dict[str, Any] | None, elsewhere: bool) -> str:
    """Why runs of an arm failed, of several the first, and where their log is; runs made elsewhere have none."""
    log = JobPlace(results / RUNS.format(arm=row["arm"], look=row["look"])).log
    ending = stored(row["ending"])
    lead = ending if len(row["seeds"]) == 1 else phrase("{ending}; the first", ending=ending)
    ended = f"  {row['arm']}, {runs_in_words(row['seeds'], folds)}, {lead}: {sentence(stored(row['reason']))}"
    return ended if elsewhere else f"{ended} {phrase('Log: {log}', log=log)}"


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"  {phrase('and {n} more', n=more)}"]


def _where(note: dict[str, Any]) -> str:
    if note["seed"] is None:
        return str(note["look"])
    return phrase("{look}, at seed {n}", look=note["look"], n=note["seed"])


def _has_records(results: Path) -> bool:
    return any(results.glob(RUNS.format(arm="*", look="look*")))


def _json(path: Path) -> Any:
    return json.loads(path.read_text())
