"""What the terminal shows of a start in place of Snakemake's own messages: a live view, or where it is no terminal, a line for
each thing that is done. Snakemake's own are in .snakemake/log, and shown on request. Standard library alone, but for the view.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from butfor.languages.phrases import ENGLISH, phrase, speaking, stored
from butfor.report import failed_job

CHATTER = "BUTFOR_CHATTER"  # in the environment: Snakemake's own messages, as they are
HANDLER = "DefaultStreamHandler"  # Snakemake's, that writes to the terminal
KEPT = ("Nothing to be done",)  # of what Snakemake says
STOPPED = "Terminating processes on user request"  # and what jobs say then is no failure of theirs
TOLD_BETTER = (  # of its errors and warnings; the view and the last words say the same
    "Trying to restart", "RuleException", "CalledProcessError", "Exiting because a job", "At least one job did not complete",
    "WorkflowError:\nAt least one job", STOPPED, "Error in rule", "Cannot restore", "Restored previous version",
)  # fmt: skip
TRAININGS = ("train", "tune")
QUIET_JOBS = ("all", "comment", "assess")  # too short to be worth a word


class Shown(Protocol):
    """A view that is open: see open_view."""

    def doing(self, what: str) -> None:
        """Say what is done now."""

    def say(self, text: str) -> None:
        """Have a text above the view."""

    def close(self) -> None:
        """End it, with the last state on the screen."""


class StartView(logging.Filter):
    """The filter of Snakemake's messages, which tells a view what happens. It begins with the first message of an execution, so
    that what else Snakemake may be asked to do is as ever."""

    def __init__(self, results: Path, language: str = ENGLISH) -> None:
        super().__init__()
        self._language = language
        self._results, self._is_at_work, self._is_stopped = results, False, False
        self._jobs: dict[int, dict[str, Any]] = {}
        self._failed: set[str] = set()
        self.shown: Shown | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        event = str(getattr(record, "event", None) or "")
        if event == "workflow_started":
            self._is_at_work = True
        if not self._is_at_work:
            return True
        handler = {"job_info": self._begun, "job_finished": self._ended, "job_error": self._not_ended}.get(event)
        if handler:
            with speaking(self._language):
                handler(vars(record))
            return False
        message = record.getMessage()
        self._is_stopped |= message.startswith(STOPPED)
        if record.levelno >= logging.WARNING:
            return not message.startswith(TOLD_BETTER)
        return message.startswith(KEPT)

    def _begun(self, job: dict[str, Any]) -> None:
        self._jobs[job["jobid"]] = job
        self._tell()

    def _ended(self, job: dict[str, Any]) -> None:
        ended = self._jobs.pop(job["job_id"], None)
        self._tell()
        if self.shown is None and ended and ended["rule_name"] not in QUIET_JOBS:
            self._line(phrase("{task}: done", task=stored(ended["rule_msg"] or ended["rule_name"])))

    def _not_ended(self, job: dict[str, Any]) -> None:
        begun = self._jobs.pop(job["jobid"], job)
        self._tell()
        if self._is_stopped or failed_job.is_stopped(begun["log"]):
            return
        text = failed_job.description(self._results, begun["rule_msg"] or begun["rule_name"], list(begun["log"]))
        if text not in self._failed:  # the second try fails as the first did
            self._failed.add(text)
            self._line(text)

    def _tell(self) -> None:
        if self.shown is not None:
            others = [stored(job["rule_msg"]) for job in self._jobs.values() if job["rule_name"] not in TRAININGS]
            self.shown.doing("; ".join(filter(None, others)))

    def _line(self, text: str) -> None:
        if self.shown is not None:
            self.shown.say(text)
        else:
            print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


_filters: list[StartView] = []


def replace_messages(results: str, settings: Any, language: str = ENGLISH) -> None:
    """Have Snakemake's messages replaced, unless the user has asked for them. settings: Snakemake's about its output."""
    quiet = {str(getattr(each, "name", each)).lower() for each in settings.quiet or ()}
    is_asked_for = (
        settings.verbose or settings.printshellcmds or settings.debug_dag or "all" in quiet or os.environ.get(CHATTER)
    )
    handlers = [handler for handler in logging.getLogger("snakemake.logging").handlers if handler.name == HANDLER]
    if handlers and not is_asked_for and not settings.dryrun and not _filters:
        _filters.append(StartView(Path(results), language))
        handlers[0].filters.insert(0, _filters[0])  # before Snakemake's own, which knows nothing of a view


def begin(results: str, opened: Callable[[], Shown], language: str = ENGLISH) -> None:
    """Open the view where there is a terminal; elsewhere name the folder of `results`, by which others can see how far it is."""
    with speaking(language):
        if _filters and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            _filters[0].shown = opened()
        elif _filters:
            notice = phrase("The study is at work; `butfor watch {results}` shows how far it is.", results=results)
            print(notice, file=sys.stderr, flush=True)


def end() -> None:
    """Close it, before the last words."""
    if _filters and (shown := _filters[0].shown) is not None:
        _filters[0].shown = None
        shown.close()
