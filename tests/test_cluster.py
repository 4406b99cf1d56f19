"""What a submission, a question and a start do, against a squeue and an sbatch that say what a test wants them to."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from butfor.cluster import folder, start, status, submit
from butfor.cluster.folder import FOLDER, Task
from butfor.errors import StudyError
from conftest import ROOT

TASK = Task("mark00000000", "key000000000", "butfor.train.a.look1.mark00000000.key000000000", ("out",))


@pytest.fixture
def says(tmp_path, monkeypatch):
    """Let commands of Slurm's print a text and end with a code; each call is a line of `calls`."""
    commands, here = tmp_path / "bin", tmp_path / "here"
    commands.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    monkeypatch.setattr(start, "PLUGIN", "snakemake")  # as if the executor were installed

    def say(name, text="", code=0, error=""):
        path = commands / name
        (tmp_path / f"{name}.text").write_text(text)
        path.write_text(
            f"#!/bin/sh\necho {name} \"$@\" >>{tmp_path}/calls\ncat {tmp_path}/{name}.text\necho '{error}' >&2\nexit {code}\n"
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    say.calls = lambda: (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
    return say


def line(number="7", state="RUNNING", reason="None", name=TASK.name, node="c1"):
    return f"{number}|{state}|{node}|{reason}|{name}|{Path.cwd()}\n"


@pytest.mark.parametrize(
    ("state", "word"),
    [
        *[(state, "running") for state in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "REQUEUED")],
        *[(state, "running") for state in ("SPECIAL_EXIT", "SOMETHING_NEW", "STAGE_OUT", "RESIZING")],
        ("COMPLETED", "success"),
        *[(state, "failed") for state in ("FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED")],
        *[(state, "failed") for state in ("BOOT_FAIL", "DEADLINE", "REVOKED")],
    ],
)
def test_every_state_has_its_word(says, state, word):
    folder.write(FOLDER / "7.begun", "")
    says("squeue", line(state=state))
    assert status.status("7") == word


def test_a_silent_controller_fails_no_job(says):
    for error in (
        "slurm_load_jobs error: Unable to contact slurm controller (connect failure)",
        "something never heard of",
    ):
        says("squeue", code=1, error=error)
        (FOLDER / "squeue.json").unlink(missing_ok=True)
        folder.write(FOLDER / "7.ended", "1")
        assert status.status("7") == "running"


def test_one_question_answers_for_all_jobs(says):
    says("squeue", "".join(line(number) for number in "123456789"))
    assert {status.status(number) for number in "123456789"} == {"running"}
    assert len(says.calls()) == 1


def test_a_forgotten_job_is_judged_by_its_own_word_and_lost_only_after_a_while(says, monkeypatch, capsys):
    says("squeue")
    for number, code in (("1", "0"), ("2", "3")):
        folder.write(FOLDER / f"{number}.ended", code)
    assert [status.status(number) for number in "123"] == ["success", "failed", "running"]
    monkeypatch.setattr(status, "GRACE", 0.0)
    assert status.status("3") == "failed"
    assert "wrote no exit code" in capsys.readouterr().err


def test_a_job_that_slurm_holds_back_is_said_once(says, capsys):
    says("squeue", line(state="PENDING", reason="launch failed requeued held"))
    assert [status.status("7"), status.status("7")] == ["running", "running"]
    assert capsys.readouterr().err.count("scontrol release 7") == 1


def jobscript(**changes):
    asked = {
        "rule": "train", "input": ["code.py"], "output": ["out"], "wildcards": {"arm": "a"}, "params": {"rate": 0.1},
        "threads": 2, "resources": {"mem_mb": 2000, "runtime": 60, "gpu": 1, "slurm_extra": "--qos='a b'"}, "jobid": 3,
    }  # fmt: skip
    text = f"#!/bin/sh\n# properties = {json.dumps({**asked, **changes})}\necho done >out\n"
    path = Path("jobscript")
    path.write_text(text)
    return path


def test_a_job_is_asked_for_what_its_rule_asks(says):
    Path("code.py").write_text("1")
    says("sbatch", "12;cluster\n")
    assert submit.submit(jobscript()) == "12"
    (call,) = says.calls()
    for word in ("--cpus-per-task=2", "--mem=2000M", "--time=60", "--gres=gpu:1", "--qos=a b", "--requeue"):
        assert word in call
    assert folder.task_of("12").outputs == ("out",)


def test_what_runs_already_is_taken_over_and_what_runs_from_other_settings_is_cancelled(says):
    Path("code.py").write_text("1")
    says("sbatch", "12\n")
    submit.submit(jobscript())
    name = folder.task_of("12").name
    says("squeue", line("12", name=name))
    says("scancel")
    assert submit.submit(jobscript()) == "12"
    assert [call.split()[0] for call in says.calls()] == ["sbatch", "squeue"]
    Path("code.py").write_text("2")
    (Path.cwd().parent / "bin" / "scancel").write_text(
        f"#!/bin/sh\necho scancel $@ >>{Path.cwd().parent}/calls\n: >{Path.cwd().parent}/squeue.text\n"
    )
    says("sbatch", "13\n")
    assert submit.submit(jobscript()) == "13"
    assert "scancel 12" in says.calls()


def test_an_answer_that_was_lost_does_not_submit_twice(says, monkeypatch):
    monkeypatch.setattr(submit, "PAUSE", 0.0)
    monkeypatch.setattr(submit, "PATIENCE", 3.0)
    Path("code.py").write_text("1")
    says("sbatch", code=1, error="sbatch: error: Batch job submission failed: Socket timed out on send/recv operation")
    name = submit.task_for(submit.properties(jobscript().read_text())).name
    says("squeue", line("12", state="PENDING", name=name))
    assert submit.submit(jobscript()) == "12"
    assert [call.split()[0] for call in says.calls()] == ["sbatch", "squeue"]


def test_a_refusal_is_passed_on_at_once(says):
    says("sbatch", code=1, error="sbatch: error: Requested node configuration is not available")
    with pytest.raises(StudyError, match="not available"):
        submit.submit(jobscript())
    assert len(says.calls()) == 1


def test_what_ended_unseen_is_kept_for_the_same_task_only(says):
    Path("code.py").write_text("1")
    says("sbatch", "12\n")
    says("squeue")
    submit.submit(jobscript())
    Path("out").write_text("made")
    folder.write(FOLDER / "12.ended", "1")
    assert not folder.keep_outputs("12")
    folder.write(FOLDER / "12.ended", "0")
    assert folder.keep_outputs("12")
    assert not Path("out").exists()
    assert submit.submit(jobscript(params={"rate": 0.2})) == "12"
    assert not Path("out").exists()
    number = submit.submit(jobscript())
    assert number.startswith("kept-")
    assert (status.status(number), Path("out").read_text()) == ("success", "made")


def test_outputs_on_another_file_system_are_kept_and_restored_whole(says):
    """A schema's `results` may be a scratch disk; renaming across file systems fails."""
    place = Path("/dev/shm")
    if not place.is_dir() or place.stat().st_dev == Path.cwd().stat().st_dev:
        pytest.skip("needs a second file system, as /dev/shm is on Linux")
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        runs = Path(scratch) / "runs" / "baseline" / "look1"
        runs.mkdir(parents=True)
        (runs / "seed_0.json").write_text("{}")
        task = folder.Task("m", "k", "butfor.train.m.k", (str(runs),))
        folder.note_job("17", task)
        folder.write(FOLDER / "17.ended", "0")
        assert folder.keep_outputs("17") and not runs.exists()
        assert not folder.restore_outputs(folder.Task("m", "other", "butfor.train.m.other", (str(runs),)))
        runs.mkdir()  # left by a job that was cancelled
        assert folder.restore_outputs(task) and (runs / "seed_0.json").read_text() == "{}"
        assert [path.name for path in runs.parent.iterdir()] == ["look1"]


def test_two_starts_at_once_are_refused(says):
    says("sbatch")
    says("squeue")
    first = start._lock_folder()
    with pytest.raises(StudyError, match=rf"already \(process {os.getpid()} on "):
        start.start([], cancel=False)
    first.close()
    start._lock_folder().close()


def test_a_missing_executor_is_said(says, monkeypatch):
    says("sbatch")
    monkeypatch.setattr(start, "PLUGIN", "no_such_executor")
    with pytest.raises(StudyError, match="executor for clusters is not installed: make cluster installs it"):
        start.start([], cancel=False)


def test_no_answer_of_slurms_is_not_taken_for_no_jobs(says):
    says("sbatch")
    says("squeue", code=1, error="squeue: error: Unable to contact slurm controller")
    with pytest.raises(StudyError, match="Nothing was started"):
        start.start([], cancel=False)


def test_leftovers_are_this_folders_only(says):
    elsewhere = line("8").replace(str(Path.cwd()), "/elsewhere")
    says("squeue", line("7") + elsewhere + line("9", name="other") + line("10", state="COMPLETED"))
    assert [job.number for job in start._leftovers()] == ["7"]


def test_the_commands_need_nothing_but_the_standard_library(says):
    says("squeue", line())
    command = [sys.executable, "-S", "-E", ROOT / "scripts" / "cluster.py", "status", "7"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "running\n"


def job(tmp_path, text, **changes):
    """job.sh around a text, as a process in a session of its own."""
    state = tmp_path / "state"
    state.mkdir(exist_ok=True)
    (state / "mark.task").write_text("")
    names = {"folder": tmp_path, "state": state, "task": "mark", "python": sys.executable, **changes}
    given = "\n".join(f"{name}='{value}'" for name, value in names.items())
    script = submit.SCRIPT.read_text().replace("# NAMES", given).replace("# JOB", text).replace("look=5", "look=0.2")
    script = script.replace("$((2 * look))", "0.4")
    return lambda number: subprocess.Popen(
        ["sh", "-c", script], env={**os.environ, "SLURM_JOB_ID": number, "SLURMD_NODENAME": "c1"}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_a_job_says_how_it_ended(tmp_path):
    process = job(tmp_path, "exit 3")("7")
    assert process.wait(60) == 3
    assert (tmp_path / "state" / "7.ended").read_text() == "3\n"
    assert not (tmp_path / "state" / "mark.owner").exists()


def test_a_copy_stops_when_another_begins(tmp_path):
    begin = job(tmp_path, "sleep 60; echo late >late")
    first = begin("7")
    while not (tmp_path / "state" / "7.begun").exists():
        time.sleep(0.05)
    second = job(tmp_path, "exit 0")("8")
    assert (second.wait(60), first.wait(60)) == (0, -9)
    assert not (tmp_path / "late").exists()
    assert not (tmp_path / "state" / "7.ended").exists()


def test_a_node_without_the_folder_or_the_python_says_so(tmp_path):
    assert job(tmp_path, "exit 0", folder=tmp_path / "none", state=tmp_path / "none")("7").wait(60) == 98
    assert job(tmp_path, "exit 0", python="/nowhere/python")("7").wait(60) == 97
    assert "/nowhere/python" in (tmp_path / "state" / "c1.unfit").read_text()


def test_an_unfit_node_is_named_once_and_gets_no_more_jobs(says, capsys):
    Path("code.py").write_text("1")
    says("squeue", line(state="FAILED", reason="Prolog") + line("8", state="FAILED", reason="Prolog"))
    assert [status.status("7"), status.status("8")] == ["failed", "failed"]
    assert "failed (Prolog) before it wrote anything into" in capsys.readouterr().err
    says("sbatch", "12\n")
    submit.submit(jobscript())
    assert "--exclude=c1" in says.calls()[-1]


def test_a_job_that_failed_on_no_node_bars_none(says):
    says("squeue", line(state="FAILED", node=""))
    assert status.status("7") == "failed" and not folder.unfit_nodes()


def test_a_job_that_slurm_will_never_begin_is_said(says, capsys):
    says("squeue", line(state="PENDING", reason="PartitionTimeLimit"))
    assert status.status("7") == "running"
    assert "PartitionTimeLimit" in capsys.readouterr().err
