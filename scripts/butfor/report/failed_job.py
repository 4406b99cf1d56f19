"""A job that failed, as the terminal tells it: what it was to do, the user's own lines, and the log. Standard library only."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from butfor.languages.phrases import phrase, stored
from butfor.process.log import STOPPED

FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<name>\S+)\s*\n\s*(?P<code>[^\n]*)')
NOT_THE_USERS = ("/site-packages/", "/lib/python3", "/scripts/butfor/", "/.snakemake/scripts/", "<frozen")
ERROR = re.compile(
    r"^(?:\d\d:\d\d:\d\d )?(?P<said>(?:[\w.]*(?:Error|Exception|Interrupt)\b|\[Errno \d+\]|Out of memory\b).*)$",
    re.MULTILINE,
)
OF_A_PARTNER = "PartnerError: "  # it repeats what another process of the job has said in the same log, if that could
REFUSALS = (
    "ConfigError",
    "DataError",
    "FolderError",
    "MetricError",
    "OwnCodeError",
    "SeveralErrors",
    "UnsupportedError",
)
WITHOUT_WORDS = "without an error message"  # of a process that ended so, perhaps for want of memory
MOST_FRAMES = 3
LAST_BYTES = 64 * 1024  # of a log


def description(results: Path, what: str, logs: Sequence[str]) -> str:
    """A job that failed in a few lines. what: what it was to do."""
    text = _text(logs)
    messages = _messages(text)
    lines = [
        phrase("Failed: {what}.", what=stored(what)),
        *([f"  {messages[-1].removeprefix(OF_A_PARTNER)[:500]}"] if messages else []),
        *user_lines(text),
    ]
    return "\n".join([*lines, *(f"  {phrase('Log: {log}', log=log)}" for log in logs)])


def is_refusal(logs: Sequence[str]) -> bool:
    """Whether a job ended because of what the study file says, or the data or code that it names, so that it ends so again."""
    last = next(reversed(_messages(_text(logs))), "")
    return last.partition(":")[0].rpartition(".")[2] in REFUSALS and WITHOUT_WORDS not in last


def is_stopped(logs: Sequence[str]) -> bool:
    """Whether Ctrl-C ended a job, by the last that it said: it may reach the jobs alone, as where a script has begun the start in
    the background, whose own process the shell then has ignore it."""
    text = _text(logs)
    return STOPPED in text and not ERROR.search(text, text.rindex(STOPPED))


def _messages(text: str) -> list[str]:
    """The errors that a log tells, by who saw them."""
    errors = ERROR.findall(text)
    return [error for error in errors if not error.startswith(OF_A_PARTNER)] or errors


def user_lines(log: str, why: str = "", of_several: bool = False) -> list[str]:
    """The lines of the user's own files in the last traceback of a log, the innermost last, each with the code there.

    why: what is said of the failure, whose lines alone are given if it names any. of_several: whether the log is about several
    jobs, so that no other lines of it may be given.
    """
    frames: dict[tuple[str, str], list[str]] = {}
    for frame in FRAME.finditer(log):
        file = frame["file"]
        if not any(part in file for part in NOT_THE_USERS):
            near = os.path.relpath(file) if os.path.isabs(file) and file.startswith(f"{Path.cwd()}/") else file
            place = phrase("{file}, line {line}, in {function}", file=near, line=frame["line"], function=frame["name"])
            lines = [f"  {place}", f"    {frame['code'].strip()}"]
            frames.pop((file, frame["line"]), None)
            frames[file, frame["line"]] = lines
    named = [
        lines for (file, number), lines in frames.items() if re.search(rf"{re.escape(file)}, line {number}\b", why)
    ]
    shown = named if named or of_several else list(frames.values())
    return [line for lines in shown[-MOST_FRAMES:] for line in lines]


def log_text(log: str | Path) -> str:
    """The end of a log; empty if there is none."""
    try:
        with Path(log).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - LAST_BYTES))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _text(logs: Sequence[str]) -> str:
    return "\n".join(map(log_text, logs))
