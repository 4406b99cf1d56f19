"""The end of a start: its last words, after all of Snakemake's, also where there was nothing to do. Standard library only."""

from __future__ import annotations

import atexit
import logging
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from butfor.languages.phrases import language_of, speaking
from butfor.report import failed_job, headline
from butfor.workflow import demands, second_interrupt

PARTIAL = "partial"
NOTHING_TO_DO = "Nothing to be done"  # Snakemake calls no handler then
LOCKED = "Directory cannot be locked"  # Snakemake's words, which then advise --unlock
NOT_UNLOCK = (
    "Another start is at work in this folder: do not use --unlock while it is. `butfor report` tells what there is so far, and"
    " `butfor plan` what is left, both beside it; with Snakemake's own words, add --nolock to the targets partial and plan."
)
INTERRUPTED = "Terminating processes on user request"  # Snakemake's words, as are those on SIGTERM
CTRL_C = "Ctrl-C"
STOPS = {INTERRUPTED: CTRL_C, "Will exit after finishing": "SIGTERM"}
ROUND = "JobScheduler._schedule_reevalutation."  # the name of what a timer of Snakemake's calls, as far as it is known
_stopped_by: list[str] = []
_logs: dict[int, list[str]] = {}  # of jobs, by their numbers
_failed: set[int] = set()


def cancel_rounds() -> None:
    """Cancel the rounds of scheduling for which Snakemake has set timers: no job is left to be started, and its process would
    wait for them, for up to a second."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer) and thread.function.__qualname__.startswith(ROUND):
            thread.cancel()


def succeeded(settings: dict[str, Any], targets: Collection[str], is_cut_short: bool = False) -> None:
    """End with the outcome of the study, if that was asked for and is there: no targets, all among others, or partial; with an
    exit code of its own if the whole study has found what its `fail_on` names.

    is_cut_short: whether the start was to leave out some of this, so that what lies there may be of an earlier one.
    """
    results = Path(settings["results"])
    if is_cut_short:
        with speaking(language_of(settings)):
            _end_with(headline.cut_short(results))
        return
    folder = results / PARTIAL if PARTIAL in targets else results
    if (PARTIAL in targets or not targets or "all" in targets) and (folder / "contrasts.json").is_file():
        with speaking(language_of(settings)):
            _end_with(headline.headline(results, folder))
        if folder == results and (by_demand := demands.matches(results, settings["fail_on"])):
            _end_with(demands.sentence(by_demand))
            raise SystemExit(demands.EXIT_CODE)


def failed(settings: dict[str, Any]) -> None:
    """End with what left no records, and what to do; where the user stopped the start, with that alone."""
    results = Path(settings["results"])
    by = _stopped_by[0] if _stopped_by else CTRL_C if _is_of_all(failed_job.is_stopped) else ""
    with speaking(language_of(settings)):
        _end_with(
            headline.stopped(results, by)
            if by
            else headline.unfinished(results, is_refused=_is_of_all(failed_job.is_refusal))
        )


def _is_of_all(kind: Callable[[Sequence[str]], bool]) -> bool:
    """Whether all jobs that failed are of a kind, by their logs."""
    return bool(_failed) and all(kind(_logs.get(job, [])) for job in _failed)


def note_job(said: dict[str, Any]) -> None:
    """Note which jobs failed, by what Snakemake says of one: a second try may still do it."""
    event = str(said.get("event") or "")
    if event == "job_info":
        _logs[said["jobid"]] = list(said["log"] or ())
        _failed.discard(said["jobid"])
    elif event == "job_error":
        _failed.add(said["jobid"])


def watch(
    settings: dict[str, Any],
    targets: Callable[[], Collection[str] | None],
    is_cut_short: Callable[[], bool] = lambda: False,
) -> None:
    """Have the outcome said too where there is nothing to do, and notice who stopped the start.

    targets: those of the start, None where nothing may be said. is_cut_short: as in `succeeded`.
    """

    def notice(record: logging.LogRecord) -> bool:
        note_job(vars(record))
        message = record.getMessage()
        if LOCKED in message:
            _end_with(NOT_UNLOCK)
        _stopped_by.extend(by for words, by in STOPS.items() if message.startswith(words))
        if message.startswith(INTERRUPTED):
            second_interrupt.end_jobs_at_next()
        if message.startswith(NOTHING_TO_DO) and (asked := targets()) is not None:
            succeeded(settings, asked, is_cut_short())
        return True

    logging.getLogger("snakemake.logging").addFilter(notice)


_last_words: list[str] = []


def _end_with(text: str) -> None:
    """Have it said when the process ends, once, after what is to be said already."""
    if not _last_words:
        atexit.register(lambda: print(*_last_words, sep="\n", file=sys.stderr))
    if text not in _last_words:
        _last_words.append(text)
