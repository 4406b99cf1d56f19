"""How far a job is whose seeds several processes train."""

import json
import os
import platform
import shutil

import psutil
import pytest

from butfor.outlook.known_runs import KnownRun
from butfor.outlook.makespan import AROUND_EACH_ARM
from butfor.records.awaited_anew import await_anew, await_nothing
from butfor.records.results_folder import ask_for
from butfor.report import study_progress
from butfor.report.study_progress import JobProgress, StudyProgress
from butfor.terminal.time_left import CLOSING, TimeLeft


def write_progress(results, seed, started, epochs, process):
    folder = results / "runs" / "a" / ".unfinished" / "mark"
    folder.mkdir(parents=True, exist_ok=True)
    header = {"started": started, "recipe": {"epochs": 4}, "process": process, "host": platform.node()}
    lines = [header, *({"epoch": epoch} for epoch in range(epochs))]
    (folder / f"seed_{seed}.progress.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


@pytest.fixture
def job(tmp_path):
    """Two seeds are trained; what a killed process has left of a third is no training."""
    write_progress(tmp_path, 0, 100.0, 2, os.getpid())
    write_progress(tmp_path, 1, 104.0, 1, os.getpid())
    gone = max(psutil.pids()) + 10_000
    write_progress(tmp_path, 2, 1.0, 1, gone)
    return study_progress._job(tmp_path, "a", "look1", 6, is_running=True)


def test_all_seeds_that_train_are_told(job):
    assert job.at == "seed 0, epoch 2 of 4 + seed 1, epoch 1 of 4"
    assert (job.runs, job.since, job.share, job.done) == (2, 102.0, 0.375, 0)


def test_they_share_the_time_that_is_left(job, tmp_path, monkeypatch):
    """Six runs of 10 s by two processes, of which each is 6 s into its first, and a compilation of 4 s."""
    monkeypatch.setattr("time.time", lambda: 108.0)
    known = {"arm": "a", "recipe": {"model": "a"}, "data": {}, "epochs": 1, "steps_per_epoch": 1, "usable": True}
    seconds = {"train": 10.0, "compile": 4.0}
    runs = [KnownRun(job=tmp_path / "a" / "look1", seconds=seconds, started=0.0, ended=10.0, **known)]
    found = StudyProgress([6], 0, [job], [], [], [], True, False)
    left = TimeLeft(tmp_path, {"a": ({"model": "a"}, None)}, runs, 2).of(found)
    assert left.look - CLOSING - AROUND_EACH_ARM == pytest.approx(4.0 + 30.0 - 6.0)


def test_one_that_waits_trains_nothing(tmp_path):
    assert study_progress._job(tmp_path, "a", "look1", 6, is_running=True) == JobProgress("a", 0, 6)


@pytest.fixture
def ended(tmp_path):
    """A study of two looks that has ended: two seeds of two arms, then one more of each."""
    for arm in ("a", "baseline"):
        write_records(tmp_path, arm, "look1", 0, 1)
        write_records(tmp_path, arm, "look2", 2)
    write_decision(tmp_path, ["baseline", "a"])
    (tmp_path / "report.md").write_text("the former")
    (tmp_path / "register.json").write_text('{"terms": [{"terms": {"looks": [2, 3]}}]}')
    ask_for(tmp_path, ["a", "baseline"], ["look1", "look2"])
    return tmp_path


def write_records(results, arm, look, *seeds, status="at_chance"):
    folder = results / "runs" / arm / look
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for seed in seeds:
        (folder / f"seed_{seed}.json").write_text(json.dumps({"status": status}))


def write_decision(results, arms):
    said = {"seen": 2, "settled": 0, "ablations": len(arms) - 1, "undecided": arms[1:], "next": arms}
    path = results / "looks" / "look1.json"
    path.parent.mkdir(exist_ok=True)
    path.with_suffix(".part").write_text(json.dumps(said))
    path.with_suffix(".part").replace(path)


def state(results):
    found = study_progress.study_progress(results)
    return found.place, found.done, found.planned, len(found.decisions), found.is_reported


def test_an_arm_that_is_added_takes_a_study_back_to_its_first_look(ended):
    """Its decision and its report are made anew, from which on the second look lacks the new arm's run alone."""
    assert state(ended) == (1, 2, 2, 1, True)
    ask_for(ended, ["a", "baseline", "wide"], ["look1", "look2"])
    await_anew(ended, [ended / "looks" / "look1.json", ended / "report.md", ended / "runs" / "wide" / "look1"])
    assert state(ended) == (0, 4, 6, 0, False)
    write_records(ended, "wide", "look1", 0, 1)
    assert state(ended) == (0, 6, 6, 0, False)
    write_decision(ended, ["baseline", "a", "wide"])
    assert state(ended) == (1, 2, 3, 1, False)
    write_records(ended, "wide", "look2", 2)
    assert state(ended) == (1, 3, 3, 1, False)
    (ended / "report.md").unlink()
    (ended / "report.md").write_text("the present")
    os.utime(ended / "report.md", (1, 1))
    assert state(ended) == (1, 3, 3, 1, True)


def test_runs_of_a_former_recipe_are_not_there_nor_what_became_of_them(ended):
    old = [ended / "runs" / "a" / look for look in ("look1", "look2")]
    await_anew(ended, [*old, ended / "looks" / "look1.json", ended / "report.md"])
    found = study_progress.study_progress(ended)
    assert (found.place, found.done, found.planned, found.is_reported) == (0, 2, 4, False)
    assert found.failed == ["baseline, 3 runs: learnt nothing"]
    assert TimeLeft(ended)._without_records(["a", "baseline"], "look1") == ["a"]
    await_nothing(ended)
    assert state(ended) == (1, 2, 2, 1, True)


def test_a_decision_before_all_runs_of_its_look_are_there_is_none(ended):
    """As where a start has ended before it could note what it would make anew."""
    ask_for(ended, ["a", "baseline", "wide"], ["look1", "look2"])
    assert state(ended) == (0, 4, 6, 0, False)


@pytest.mark.parametrize(
    ("status", "verdict", "told"),
    [
        ("commonest_class", {}, ["a, 1 run: no better than the commonest class"]),  # of an earlier version's register
        ("commonest_class", {"verdict.metric": None}, ["a, 1 run: no better than the commonest class"]),
        ("commonest_class", {"verdict.metric": "test/loss"}, []),
        ("commonest_class", {"verdict.metric": "test/f1_macro", "verdict.must_learn": True}, []),
        ("at_chance", {"verdict.metric": "test/loss"}, ["a, 1 run: learnt nothing"]),
        ("at_chance", {"verdict.must_learn": False}, []),
        ("diverged", {"verdict.must_learn": False}, ["a, 1 run: diverged"]),
    ],
)
def test_only_runs_that_count_as_failed_at_the_end_are_shown_as_failed(tmp_path, status, verdict, told):
    write_records(tmp_path, "a", "look1", 0, status=status)
    (tmp_path / "register.json").write_text(json.dumps({"terms": [{"terms": {"looks": [1], **verdict}}]}))
    ask_for(tmp_path, ["a"], ["look1"])
    assert study_progress.study_progress(tmp_path).failed == told
