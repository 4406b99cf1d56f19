"""What a start finds of those before it."""

import fcntl
import json
import logging
import os
import shutil
import subprocess
import sys
import time

import psutil
import pytest

from butfor.errors import StudyError
from butfor.process import failure_note
from butfor.records import files, job_folder
from butfor.records.files import write_atomically, write_noted, write_with_copy
from butfor.records.results_folder import ask_for, receipt_beside
from butfor.report.study_progress import study_progress
from butfor.workflow import ending, recovery
from conftest import ROOT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder in which a start was killed."""
    monkeypatch.chdir(tmp_path)
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/small/report.md\n")
    yield tmp_path
    recovery._locks.clear()


def clear(folder):
    return recovery.clear((folder / "results" / "small").relative_to(folder))


def test_locks_of_a_killed_start_are_removed(folder):
    assert clear(folder) == []
    assert not (folder / ".snakemake" / "locks").exists()


def test_locks_of_a_living_start_are_left_and_it_is_said(folder):
    other = (folder / ".snakemake" / "in_use.lock").open("w")
    fcntl.flock(other, fcntl.LOCK_SH)
    assert clear(folder) == [recovery.WAIT.format("results/small")]
    assert list((folder / ".snakemake" / "locks").iterdir())


def test_a_start_counts_as_living_until_its_process_ends(folder):
    code = "import time\nfrom pathlib import Path\nfrom butfor.workflow.recovery import clear\nclear(Path('results/small'))\n"
    words = [sys.executable, "-c", code + "print('held', flush=True)\ntime.sleep(60)"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        (folder / ".snakemake" / "locks").mkdir()
        (folder / ".snakemake" / "locks" / "0.output.lock").write_text("results/small/report.md\n")
        assert len(clear(folder)) == 1
        recovery._locks.clear()
        process.kill()
    assert clear(folder) == []


def test_a_results_folder_has_one_start_at_a_time_from_whichever_working_folder(folder):
    results = folder / "results" / "small"
    code = "import sys, time\nfrom pathlib import Path\nfrom butfor.workflow.recovery import claim\nclaim(Path(sys.argv[1]))\n"
    words = [sys.executable, "-c", code + "print('held', flush=True)\ntime.sleep(60)", str(results)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    (folder / "other").mkdir()
    with subprocess.Popen(words, cwd=folder / "other", env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        damaged = results / "runs" / "a" / "look1" / "seed_0.json"
        job(folder)
        damaged.write_text("cut")
        (said,) = clear(folder)  # Snakemake refuses a start where a lock of another is left
        assert (
            said.startswith("Another start is at work on results/small") and damaged.exists()
        )  # it may be being written
        shutil.rmtree(folder / ".snakemake" / "locks")
        assert clear(folder) == [] and damaged.exists()
        with pytest.raises(StudyError, match=f"another start is at work .*process {process.pid} on .*other"):
            recovery.claim(results)
        process.kill()
    recovery.claim(results)
    recovery._held.clear()


def job(folder):
    """A folder of two records as a job leaves it."""
    runs = folder / "results" / "small" / "runs" / "a" / "look1"
    for seed in (0, 1):
        write_atomically(runs / f"seed_{seed}.json", files.sealed(json.dumps({"accuracy": 0.9375, "seed": seed})))
    job_folder.write(runs, job_folder.Receipt("mark", [0, 1]))
    (runs / ".snakemake_timestamp").touch()
    return runs


@pytest.mark.parametrize("damage", ["none", "cut", "flipped", "missing"])
def test_a_damaged_record_sends_the_whole_ones_back_to_where_a_job_finds_them(folder, damage):
    runs = job(folder)
    path = runs / "seed_0.json"
    text = path.read_text()
    if damage == "missing":
        path.unlink()
    else:
        path.write_text({"none": text, "cut": text[:20], "flipped": text.replace("0.9375", "0.9374")}[damage])
    before = sorted(folder.rglob("*"))
    told = recovery.damage(runs.parents[2].relative_to(folder))
    assert [line.split()[0] for line in told] == ["results/small/runs/a/look1/seed_0.json"] * (damage != "none")
    assert sorted(folder.rglob("*")) == before
    said = clear(folder)
    if damage == "none":
        assert said == [] and len(list(runs.glob("[!.]*"))) == 2
        return
    assert said == ["results/small/runs/a/look1/seed_0.json was damaged or missing and is made anew."]
    assert not runs.exists()
    assert [one.name for one in job_folder.waiting(runs, "mark").iterdir()] == ["seed_1.json"]


def test_records_that_a_killed_snakemake_did_not_note_are_kept_from_it(folder):
    runs = job(folder)
    (runs / ".snakemake_timestamp").unlink()
    assert clear(folder) == [] and not runs.exists()
    assert len(list(job_folder.waiting(runs, "mark").iterdir())) == 2


def test_a_damaged_derived_file_is_deleted_and_others_stay(folder):
    results = folder / "results" / "small"
    for name in ("contrasts.json", "checks.json", "looks/look1.json"):
        write_noted(results / name, '[{"effect": 0.5}]')
    (results / "report.md").write_text("not noted")
    (results / "contrasts.json").write_text('[{"effect": 0.4}]')
    (results / "looks" / "look1.json").write_text("[")
    said = clear(folder)
    assert [line.split()[0] for line in said] == ["results/small/contrasts.json", "results/small/looks/look1.json"]
    assert sorted(path.name for path in results.glob("[!.]*")) == ["checks.json", "looks", "report.md"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "missing", "copy", "both"])
def test_what_trainings_are_made_from_is_restored_from_its_copy(folder, damage):
    path = folder / "results" / "small" / "data" / "manifest.json"
    text = '{"classes": 10}'
    write_with_copy(path, text)
    copy = files.copy_of(path)
    before = copy.stat().st_mtime_ns
    if damage == "missing":
        path.unlink()
    elif damage != "copy":
        path.write_text(text[:5] if damage == "cut" else text.replace("10", "11"))
    if damage in ("copy", "both"):
        copy.write_text(text.replace("10", "12"))
    said = clear(folder)
    if damage == "both":
        assert said == ["results/small/data/manifest.json was damaged and is made anew."] and not path.exists()
    elif damage == "copy":
        assert said == [] and path.read_text() == text
    else:
        assert said == ["results/small/data/manifest.json was damaged or missing and is restored."]
        assert path.read_text() == text and path.stat().st_mtime_ns == before


def test_files_from_the_future_become_files_of_now_in_the_same_order(folder):
    results, now = folder / "results" / "small", time.time()
    for place, name in enumerate(["past", "data/a", "runs/b/.snakemake_timestamp", "report", "mlflow/run"]):
        path = results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (now - 50 + 100 * place,) * 2)
    said = clear(folder)
    assert len(said) == 1 and said[0].startswith("3 files in results/small were from the future")
    made = [(results / name).stat().st_mtime for name in ("past", "data/a", "runs/b/.snakemake_timestamp", "report")]
    assert made == sorted(set(made)) and made[0] == now - 50 and now - 1 < made[1] and made[3] <= time.time()
    assert clear(folder) == []


@pytest.mark.parametrize("failure", [FileNotFoundError, PermissionError])
def test_what_vanishes_meanwhile_or_is_another_users_stays_as_it_is(folder, monkeypatch, failure):
    path = folder / "results" / "small" / "record"
    path.parent.mkdir(parents=True)
    path.touch()
    later = time.time() + 100
    os.utime(path, (later, later))

    def refuse(*_, **__):
        raise failure

    monkeypatch.setattr(recovery.os, "utime", refuse)
    assert len(clear(folder)) == 1
    monkeypatch.undo()
    assert path.stat().st_mtime == pytest.approx(later)


JOB = """
import time
from butfor.process.parent_watch import end_with_start
end_with_start()
print('on', flush=True)
time.sleep(60)
"""
PARENT = """
import subprocess, sys
from butfor.process.parent_watch import announce_start
announce_start()
job = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, text=True)
print(job.pid, job.stdout.readline(), flush=True)
job.wait()
"""


def test_a_job_ends_when_its_start_is_killed(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    words = [sys.executable, "-c", PARENT, JOB]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        number = int(process.stdout.readline().split()[0])
        time.sleep(1.5)
        os.kill(number, 0)  # it lives on while its start does
        process.kill()
    ended = time.monotonic() + 30
    while psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < ended
        time.sleep(0.1)


NOTED_JOB = """
import sys, time
from pathlib import Path
from butfor.process.failure_note import FailureNote
from butfor.process.parent_watch import end_with_start
end_with_start()
with FailureNote(Path("runs/a/.unfinished/look1.failure.json"), "a", "look1", Path("a.log")).of(2):
    print('on', flush=True)
    time.sleep(60)
"""


def test_a_job_notes_that_it_stopped_with_its_start_and_the_view_says_what_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs/a/.unfinished/mark").mkdir(parents=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, NOTED_JOB], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        number = int(process.stdout.readline().split()[0])
        process.kill()
    ended = time.monotonic() + 30
    while psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < ended
        time.sleep(0.1)
    for seed in (0, 1):
        (tmp_path / f"runs/a/.unfinished/mark/seed_{seed}.json").write_text('{"status": "ok"}')
    ask_for(tmp_path, ["a"], ["look1"])
    (tmp_path / "register.json").write_text('{"terms": [{"terms": {"looks": [5]}}]}')
    monkeypatch.setattr(failure_note, "is_alive", lambda _: False)  # where nobody asks after an ended process
    said = "a: it stopped with its start, which was killed. Kept: 2 of 5 runs. Log: a.log"
    assert study_progress(tmp_path).notes == [said]


def test_one_job_at_a_time_makes_a_folder(tmp_path):
    runs = tmp_path / "runs" / "a" / "look1"
    with job_folder.alone(runs), receipt_beside(runs).open("a") as other:
        job_folder.write(runs, job_folder.Receipt("mark", [0]))
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert job_folder.read(runs) == job_folder.Receipt("mark", [0])
    with receipt_beside(runs).open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    receipt_beside(runs).write_text("{")
    assert job_folder.read(runs) is None


def test_where_snakemake_advises_to_unlock_the_last_words_say_what_to_do_beside_a_start(monkeypatch):
    said = []
    monkeypatch.setattr(ending, "_end_with", said.append)
    logger = logging.getLogger("snakemake.logging")
    monkeypatch.setattr(logger, "filters", [])
    ending.watch({"results": "results"}, lambda: None)
    logger.error("LockException:\nError: Directory cannot be locked. It can be removed with the --unlock argument.")
    assert said == [ending.NOT_UNLOCK] and "--nolock" in ending.NOT_UNLOCK
