"""What is done and said after the last job of a start."""

import logging
import threading

import pytest
from snakemake.scheduling.job_scheduler import JobScheduler

from butfor.terminal.start_view import StartView
from butfor.workflow import ending


class Waiting:
    def release(self):
        raise AssertionError("a round after the last job")


def test_no_round_of_scheduling_is_waited_for_after_the_last_job():
    scheduler = JobScheduler.__new__(JobScheduler)
    scheduler._open_jobs = Waiting()
    own = threading.Timer(60, print)
    own.start()
    scheduler._schedule_reevalutation(60)
    rounds = set(threading.enumerate()) - {own, threading.main_thread()}
    ending.cancel_rounds()
    for each in rounds:
        each.join(10)
    assert own.is_alive() and not own.finished.is_set()
    own.cancel()
    assert not any(isinstance(each, threading.Timer) and each.is_alive() for each in rounds)


INTERRUPTED = """17:33:48 baseline · my_model:build: 68414 parameters, loop graph
Stopped by Ctrl-C; the same command goes on from here.
/usr/lib/python3.11/subprocess.py:1127: ResourceWarning: subprocess 25366 is still running
"""


@pytest.mark.parametrize(
    ("logs", "is_stopped"),
    [
        ([INTERRUPTED], True),
        (["OwnCodeError: no\n" + INTERRUPTED], True),
        ([INTERRUPTED, "12:00:00 b\nOwnCodeError: no\n"], False),
        ([INTERRUPTED + "12:00:00 a\nValueError: no\n"], False),
        (["12:00:00 a\n"], False),
    ],
    ids=["interrupted", "after an error of an earlier start", "of two, one failed", "failed after it", "no word"],
)
def test_a_start_whose_jobs_alone_ctrl_c_has_reached_has_not_failed(tmp_path, monkeypatch, capsys, logs, is_stopped):
    """As where a script starts a study in the background: its own process ignores Ctrl-C then, so that Snakemake says nothing."""
    for name, value in {"_failed": set(), "_logs": {}, "_stopped_by": [], "_end_with": print}.items():
        monkeypatch.setattr(ending, name, value)
    view = StartView(tmp_path)
    view.filter(message("workflow_started"))
    for number, text in enumerate(logs):
        log = tmp_path / f"{number}.log"
        log.write_text(text)
        job = {"jobid": number, "rule_name": "build", "rule_msg": f"Build {number}", "log": [str(log)]}
        for event in ("job_info", "job_error"):
            ending.note_job({"event": event, **job})
            view.filter(message(event, **job))
    ending.failed({"results": str(tmp_path), "report": {}})
    said, shown = capsys.readouterr()
    assert said.startswith("Stopped by Ctrl-C. The same command goes on") == is_stopped
    assert [f"Build {number}" in shown for number in range(len(logs))] == [
        not text.endswith(INTERRUPTED) for text in logs
    ]


def message(event, **job):
    record = logging.LogRecord("snakemake.logging", logging.INFO, "", 0, event, (), None)
    vars(record).update(job, event=event)
    return record
