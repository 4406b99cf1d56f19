"""What the terminal shows of a start: a live view, lines where it is no terminal, the user's own lines after a failure."""

import json
import logging
import os
import pty
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from butfor.outlook.job_start import usual_start
from butfor.outlook.known_runs import KnownRun
from butfor.outlook.makespan import AROUND_EACH_ARM
from butfor.outlook.planned_seconds import PLAN, mark_of, planned_seconds
from butfor.outlook.run_seconds import RunSeconds
from butfor.process import failure_note, start_command
from butfor.process.failure_note import FailureNote
from butfor.records.results_folder import note_beside
from butfor.report import failed_job, headline
from butfor.report.study_progress import JobProgress, StudyProgress
from butfor.terminal import start_view
from butfor.terminal.progress_text import progress_text, verdict_rows
from butfor.terminal.time_left import CLOSING, Left, TimeLeft
from butfor.workflow import ending
from butfor.workflow.parameters import engine
from conftest import ROOT

LOG = """
12:00:00 Traceback (most recent call last):
  File "/clone/scripts/butfor/engine/models.py", line 5, in made
    return call()
  File "/home/me/my_model.py", line 9, in build
    return head(x)
  File "/home/me/my_model.py", line 17, in head
    raise ValueError("thirteen")
  File "/env/lib/python3.12/site-packages/keras/layers.py", line 3, in call
    pass
ValueError: thirteen
"""


def message(text, level=logging.INFO, **more):
    record = logging.LogRecord("snakemake.logging", level, "", 0, text, (), None)
    vars(record).update(more)
    return record


def job(number, rule, words, log=()):
    return {"jobid": number, "rule_name": rule, "rule_msg": words, "log": list(log)}


@pytest.fixture
def at_work(tmp_path):
    view = start_view.StartView(tmp_path)
    assert view.filter(message("Building DAG of jobs..."))  # before an execution all is as ever
    assert not view.filter(message("", event="workflow_started"))
    return view


def test_a_line_is_written_for_each_thing_that_is_done_and_none_for_snakemakes_chatter(at_work, capsys):
    assert not at_work.filter(message("", event="job_info", **job(3, "train", "Train no_dropout, look1")))
    assert not at_work.filter(message("Select jobs to execute..."))
    assert capsys.readouterr().err == ""
    assert not at_work.filter(message("", event="job_finished", job_id=3))
    assert re.fullmatch(r"\d\d:\d\d:\d\d Train no_dropout, look1: done\n", capsys.readouterr().err)


def test_what_is_not_chatter_passes(at_work):
    assert at_work.filter(message("Nothing to be done (all requested files are present and up to date)."))
    assert at_work.filter(message("MissingInputException in rule train", logging.ERROR))
    assert not at_work.filter(message("WorkflowError:\nAt least one job did not complete successfully.", logging.ERROR))
    assert not at_work.filter(message("Cannot restore results/small/tracked.json: no backup found.", logging.WARNING))


def test_a_failure_is_told_once_with_the_users_own_lines(at_work, tmp_path, capsys):
    log = tmp_path / "own.log"
    log.write_text(LOG)
    for number in (1, 2):
        failed = job(number, "train", "Train own, look1", [str(log)])
        at_work.filter(message("", logging.ERROR, event="job_error", **failed))
    said = capsys.readouterr().err
    assert said.count("Failed: Train own, look1.") == 1
    assert "my_model.py, line 17, in head\n    raise ValueError" in said and "ValueError: thirteen\n" in said
    assert "models.py" not in said and "site-packages" not in said


def test_what_ctrl_c_ends_is_no_failure(at_work, capsys):
    assert not at_work.filter(
        message("Terminating processes on user request, this might take some time.", logging.WARNING)
    )
    at_work.filter(message("", logging.ERROR, event="job_error", **job(1, "figures", "Draw every figure")))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("asked", "is_replaced"), [({}, True), ({"verbose": True}, False), ({"dryrun": True}, False)])
def test_snakemakes_own_messages_stay_where_they_are_asked_for(monkeypatch, asked, is_replaced):
    handler = logging.NullHandler()
    handler.name = start_view.HANDLER
    monkeypatch.setattr(logging.getLogger("snakemake.logging"), "handlers", [handler])
    monkeypatch.setattr(start_view, "_filters", [])
    monkeypatch.delenv(start_view.CHATTER, raising=False)
    usual = {"quiet": None, "verbose": False, "printshellcmds": False, "debug_dag": False, "dryrun": False}
    start_view.replace_messages("results", SimpleNamespace(**{**usual, **asked}))
    assert bool(handler.filters) == is_replaced


def known(arm, seconds, folder):
    run = {
        "job": folder / arm / "look1",
        "arm": arm,
        "recipe": {"model": arm},
        "data": {},
        "epochs": 1,
        "steps_per_epoch": 1,
    }
    return KnownRun(**run, seconds={"train": seconds, "compile": 4.0}, usable=True, started=0.0, ended=seconds)


@pytest.mark.parametrize(("lanes", "seconds"), [(1, 48.0), (2, 24.0)])
def test_the_time_left_is_that_of_the_open_jobs_side_by_side(monkeypatch, tmp_path, lanes, seconds):
    """no_decay: 3 runs of 10 s, one of them since 6 s; waiting: a start, a compilation, 2 runs of 10 s. Then the end."""
    monkeypatch.setattr("time.time", lambda: 106.0)
    jobs = [JobProgress("no_decay", 2, 5, since=100.0), JobProgress("waiting", 0, 2)]
    recipes = {"no_decay": ({"model": "no_decay"}, None), "waiting": ({"model": "waiting"}, None)}
    beside = [known("no_decay", 10.0, tmp_path), known("waiting", 10.0, tmp_path)]
    left = TimeLeft(tmp_path, recipes, beside, lanes).of(progress(looks=[5], jobs=jobs))
    closing = CLOSING + 2 * AROUND_EACH_ARM
    assert left.look == left.most
    assert left.look - closing == pytest.approx(seconds + usual_start(engine()))


def test_of_a_log_about_several_the_lines_that_the_reason_names():
    line_9 = ["  /home/me/my_model.py, line 9, in build", "    return head(x)"]
    assert failed_job.user_lines(LOG, "it raised in /home/me/my_model.py, line 9.", of_several=True) == line_9
    others = "", "in /home/me/other.py, line 9.", "in /home/me/my_model.py, line 99."
    assert [failed_job.user_lines(LOG, why, of_several=True) for why in others] == [[], [], []]
    assert failed_job.user_lines(LOG, "ValueError: thirteen")[:2] == line_9, "a log of its own is about nothing else"


def test_of_two_models_that_could_not_be_built_each_has_its_own_lines(tmp_path, monkeypatch):
    """One raises at a line; what the other is refused for names none."""
    log = tmp_path / "logs" / "build.log"
    log.parent.mkdir()
    log.write_text(LOG)
    whys = {"baseline": "my_model:build: it raised in /home/me/my_model.py, line 17.", "other": "its: it is compiled."}
    for arm, why in whys.items():
        FailureNote(note_beside(tmp_path / "runs" / arm / "look1"), arm, "look1", log).say(None, why)
    monkeypatch.setattr(failure_note, "is_alive", lambda process: False)
    first, second = headline.unfinished(tmp_path).split("\n  other, look1: ")
    assert "my_model.py, line 17, in head" in first and "my_model.py" not in second


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            "OwnCodeError: of a partner\n12:00:00 a · seed 2\nPartnerError: seed 1: OwnCodeError: it\n",
            "OwnCodeError: of a partner",
        ),
        (
            "PartnerError: seed 1, in a process of its own: it was killed\n",
            "seed 1, in a process of its own: it was killed",
        ),
        (
            "12:00:00 a · seed 2\n[Errno 28] No space left on device. Free some.\n",
            "[Errno 28] No space left on device. Free some.",
        ),
    ],
    ids=["told by a partner", "told of a partner", "full disk"],
)
def test_why_a_job_failed_is_told_in_the_words_of_who_saw_it(tmp_path, log, said):
    path = tmp_path / "baseline_look1.log"
    path.write_text(log)
    told = failed_job.description(tmp_path, "Train baseline, look1", [str(path)])
    assert told.split("\n") == ["Failed: Train baseline, look1.", f"  {said}", f"  Log: {path}"]


def test_the_last_words_name_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv(start_command.VARIABLE, "make study")
    text = headline.unfinished(tmp_path)
    assert "tries again and keeps all that is finished:\n  make study" in text


@pytest.mark.parametrize(
    ("said", "is_refused"),
    [
        ("MetricError: metrics.rmse: expected a metric for binary.", True),
        ("OwnCodeError: mine:metric: it raised ValueError.", True),
        ("OwnCodeError: mine:net: its process ended without an error message: it was killed.", False),
        ("12:00:00 ValueError: no", False),
        ("[Errno 28] No space left on device. Free some.", False),
    ],
)
def test_the_last_words_do_not_advise_a_second_try_of_what_was_refused(tmp_path, monkeypatch, said, is_refused):
    monkeypatch.setattr(ending, "_failed", set())
    monkeypatch.setattr(ending, "_logs", {})
    log, last = tmp_path / "data.log", []
    log.write_text(f"12:00:00 data\n{said}\n")
    monkeypatch.setattr(ending, "_end_with", last.append)
    ending.note_job({"event": "job_info", "jobid": 1, "log": [str(log)]})
    ending.note_job({"event": "job_error", "jobid": 1})
    ending.failed({"results": str(tmp_path), "report": {}})
    assert ("correct the study file" in last[0], "tries again" in last[0]) == (is_refused, not is_refused)
    ending.note_job({"event": "job_info", "jobid": 2, "log": []})
    ending.note_job({"event": "job_error", "jobid": 2})
    ending.failed({"results": str(tmp_path), "report": {}})
    assert "tries again" in last[1]


@pytest.mark.parametrize(
    ("words", "study", "report"),
    [
        (["butfor", "run", "my study.yaml"], "my study.yaml", "`butfor report 'my study.yaml'` reports on"),
        (["butfor", "run", "s.yaml", "-c1"], "s.yaml", "`butfor report s.yaml`, with the same options, reports on"),
        (["butfor", "run"], "", "`butfor report` reports on"),
    ],
)
def test_the_last_words_name_the_report_of_what_there_is(tmp_path, monkeypatch, words, study, report):
    for name in (start_command.VARIABLE, start_command.REPORT_VARIABLE):
        monkeypatch.setenv(name, "")  # so that what is announced is gone after the test
        monkeypatch.delenv(name)
    (tmp_path / "runs" / "a" / "look1").mkdir(parents=True)
    start_command.announce(words, study)
    ends = headline.unfinished(tmp_path), headline.stopped(tmp_path, "Ctrl-C")
    assert all(text.endswith(f"\n{report} what there is.") for text in ends)


def progress(**more):
    jobs = [JobProgress("baseline", 5, 5), JobProgress("no_decay", 2, 5, since=1.0, at="seed 2, epoch 1 of 7")]
    values = {"looks": [5, 10], "place": 0, "failed": [], "notes": [], "decisions": [], "jobs": jobs}
    return StudyProgress(**{**values, "is_running": True, "is_reported": False, **more})


def test_the_text_says_arms_trainings_and_the_time_left(tmp_path):
    text = progress_text(progress(), tmp_path, Left(60, 300))
    assert "7 of 10 runs, look 1 of 2, up to 5 seeds" in text
    assert "1 of 2 done, 1 in training, 0 waiting" in text and "no_decay (seed 2, epoch 1 of 7)" in text
    assert "about 1.0 minutes if this look decides all, at most about 5.0 minutes" in text


def test_before_a_first_run_the_time_left_is_the_plans_and_is_marked_as_such(tmp_path):
    jobs = [JobProgress("baseline", 0, 2), JobProgress("no_decay", 0, 2)]
    waiting = progress(looks=[2], jobs=jobs)
    text = progress_text(waiting, tmp_path, TimeLeft(tmp_path).of(waiting))
    assert "not known yet: what trains the runs is compiled first" in text
    planned = {job.arm: RunSeconds(3.0, 5.0, "a probe") for job in jobs}
    left = TimeLeft(tmp_path, side_by_side=1, planned=planned).of(waiting)
    assert left.look == pytest.approx(2 * (usual_start(engine()) + 3.0 + 2 * 5.0) + CLOSING + 2 * AROUND_EACH_ARM)
    assert re.search(r"about \d+ s, as the plan has it: no run tells it yet", progress_text(waiting, tmp_path, left))
    beside = [known("baseline", 10.0, tmp_path)]
    assert not TimeLeft(tmp_path, beside=beside, planned=planned).of(waiting).is_planned, (
        "runs of another study tell it"
    )
    assert TimeLeft(tmp_path, planned={"baseline": planned["baseline"]}).of(waiting) is None


def test_a_plan_tells_the_time_of_the_study_that_it_was_made_of(planned, tmp_path):
    def mark(rate, threads=1):
        _, plan = planned(f"{{data: digits, ablations: {{a: {{set: {{learning_rate: {rate}}}}}}}}}")
        return mark_of(plan, threads)

    seconds = {"once": 3.0, "each": 5.0, "source": "a probe", "like": ""}
    (tmp_path / PLAN).write_text(json.dumps({"time": {"arms": {"a": seconds}}, "mark": mark(0.01)}))
    assert planned_seconds(tmp_path, mark(0.01)) == {"a": RunSeconds(**seconds)}
    assert planned_seconds(tmp_path, mark(0.02)) == planned_seconds(tmp_path, mark(0.01, threads=2)) == {}
    (tmp_path / PLAN).write_text(json.dumps({"time": None, "mark": mark(0.01)}))
    assert planned_seconds(tmp_path, mark(0.01)) == planned_seconds(tmp_path / "none", mark(0.01)) == {}


def test_verdicts_so_far_are_those_of_the_last_decision_and_absent_from_older_ones():
    decision = {"seen": 5, "settled": 1, "ablations": 2, "undecided": ["b"], "next": ["b"]}
    known = {
        arm: {"verdict": verdict, "settled": arm == "a", "effect": "−0.5"}
        for arm, verdict in (("a", "hurts"), ("b", "?"))
    }
    rows = verdict_rows(progress(decisions=[{**decision, "verdicts": known}]))
    assert rows[1:] == [("hurts", "a −0.5"), ("undecided", "b −0.5")]
    assert verdict_rows(progress(decisions=[decision]))[1:] == [("undecided", "b")]


VIEWED = """
import os, sys, time
from pathlib import Path
from butfor.terminal.open_view import OpenView
view = OpenView("mine", "Why?", Path("none"), lambda: None)
os.write(2, b"a job says this\\n")
view.close()
print("the last words", file=sys.stderr)
"""


def test_the_live_view_lets_what_jobs_write_stand_above_it_and_ends(tmp_path):
    ours, theirs = pty.openpty()
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "TERM": "xterm"}
    done = subprocess.run(
        [sys.executable, "-c", VIEWED], stderr=theirs, cwd=tmp_path, env=variables, timeout=60, check=False
    )
    screen = os.read(ours, 65536).decode()
    os.close(ours), os.close(theirs)
    assert done.returncode == 0
    assert screen.index("a job says this") < screen.index("the last words")
