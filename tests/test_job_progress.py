"""How far a job is whose seeds several processes train."""

import json
import os
import platform

import psutil
import pytest

from butfor.outlook.known_runs import KnownRun
from butfor.outlook.makespan import AROUND_EACH_ARM
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
