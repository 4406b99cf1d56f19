"""Seeds of one job that several processes train: the same records, whoever trains them, and one failure or death for all."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from butfor.forks.client import ENGINE
from butfor.forks.interpreter import SERVERS
from butfor.process.failure_note import STOPPED
from butfor.records.results_folder import note_beside, partner_note, partner_notes
from butfor.training import seed_partners
from butfor.training.arm_job import train_arm
from butfor.training.seed_partners import PartnerError, dealt
from conftest import NUMPY, SMALL, environment, resolved
from test_forks import begun as server_begun

SEEDS = [0, 1, 2, 3, 4]
JOB = {"arm": "a", "seeds": SEEDS, "recipe": resolved(**SMALL), "validation": 0.1, "engine": NUMPY}
HINDERED = """
import atexit, errno, os, time
from numpy_engine import NumpyEngine

class Hindered(NumpyEngine):
    made = False

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.made = True

    def start(self, seed):
        if self.made:
            self.hinder(seed)
        super().start(seed)

    def hinder(self, seed):
        if os.path.exists(f"broken{seed}"):
            raise ValueError(f"seed {seed} is broken")
        if os.path.exists(f"full{seed}"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if os.path.exists(f"slow{seed}"):
            open(f"temporary{seed}", "w").close()
            atexit.register(os.remove, os.path.abspath(f"temporary{seed}"))
        while os.path.exists(f"slow{seed}"):
            with open(f"begun{seed}", "w") as file:  # left to be closed by itself, it would lose a Ctrl-C that comes meanwhile
                file.write(str(os.getpid()))
            time.sleep(0.01)
"""
TRAINED = "import json, sys; from butfor.training.arm_job import train_arm; train_arm(**json.loads(sys.argv[1]))"


@pytest.fixture
def hindered(tmp_path, monkeypatch):
    """A job whose engine is hindered by files in the working folder."""
    (tmp_path / "hindered_engine.py").write_text(HINDERED)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return {**JOB, "engine": "hindered_engine:Hindered"}


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs" / "a" / "look1"


@pytest.fixture(params=["interpreter", "fork"])
def begun_by(request, tmp_path):
    """What the process beside a job is begun by; the variables that say so."""
    if request.param == "interpreter":
        yield {}
        return
    folder = tmp_path / "servers"
    folder.mkdir()
    with server_begun(folder, ["wave"], ENGINE, env={**environment(), SERVERS: str(folder)}):
        yield {SERVERS: str(folder)}


@pytest.fixture
def start(digits, hindered, runs, begun_by):
    """Starts a process that trains the job, with one beside it."""
    words = {"training": hindered, "threads": 2, "threads_each": 1, "runs": str(runs)}
    words |= dict(zip(("arrays", "manifest"), map(str, digits), strict=True))
    variables = {**environment(), **begun_by, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", TRAINED, json.dumps(words)]
    started = []

    def process():
        started.append(subprocess.Popen(command, env=variables, stderr=subprocess.DEVNULL))
        return started[0]

    yield process
    for each in started:
        each.kill()
        each.wait()


BY_FORK_FIRST = pytest.mark.parametrize(  # what is begun does the same; ends by signals have both
    "begun_by", ["fork", pytest.param("interpreter", marks=pytest.mark.long)], indirect=True
)


def records(runs):
    """Without what differs from one time to the next."""
    found = {path.name: json.loads(path.read_text()) for path in runs.glob("seed_*.json")}
    for record in found.values():
        assert record.pop("timing")["seconds"]["train"] > 0
        for epoch in record["history"]:
            epoch.pop("load", None)
            epoch.pop("seconds", None)
        del record["sha256"]
    return found


def finished(runs):
    return sorted(path.name for path in runs.parent.glob(".unfinished/*/seed_*.json"))


def gone(process, patience=20):
    end = time.monotonic() + patience
    while psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end, f"process {process} is still there"
        time.sleep(0.02)
    return True


def eventually(is_so, patience=30):
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def begun(tmp_path, seed):
    """The process that has begun with a slow seed."""
    path, end = tmp_path / f"begun{seed}", time.monotonic() + 30
    while not (
        number := path.read_text() if path.exists() else ""
    ):  # read once: it is written again, and empty as that begins
        assert time.monotonic() < end
        time.sleep(0.01)
    return int(number)


def test_seeds_are_dealt_in_turn():
    assert dealt(SEEDS, 1) == [SEEDS]
    assert dealt(SEEDS, 2) == [[0, 2, 4], [1, 3]]
    assert dealt([3, 4], 5) == [[3], [4]]
    assert dealt([], 3) == [[]]


@pytest.mark.parametrize(
    "threads, each", [(2, 1), (2, None), *(pytest.param(many, 1, marks=pytest.mark.long) for many in (3, 8))]
)
def test_records_do_not_depend_on_who_trains_them(digits, tmp_path, runs, threads, each):
    alone = tmp_path / "alone" / "runs" / "a" / "look1"
    train_arm(JOB, *digits, threads=each or threads, runs=alone)
    train_arm(JOB, *digits, threads=threads, threads_each=each, runs=runs)
    assert records(runs) == records(alone) and len(records(runs)) == len(SEEDS)
    assert list(note_beside(runs).parent.iterdir()) == []


@BY_FORK_FIRST
def test_each_process_trains_its_share(start, tmp_path, runs):
    for seed in SEEDS:
        (tmp_path / f"slow{seed}").touch()
    job = start()
    for seed in SEEDS:
        assert (begun(tmp_path, seed) == job.pid) == (seed in (0, 2, 4))
        (tmp_path / f"slow{seed}").unlink()
    assert job.wait(60) == 0
    assert len(records(runs)) == len(SEEDS)


def test_what_a_process_could_not_train_fails_the_job_and_only_that_is_trained_again(digits, hindered, tmp_path, runs):
    (tmp_path / "broken3").touch()
    with pytest.raises(PartnerError, match=r"seed 3.*ValueError: seed 3 is broken"):
        train_arm(hindered, *digits, threads=2, threads_each=1, runs=runs)
    assert finished(runs) == [f"seed_{seed}.json" for seed in (0, 1, 2, 4)]
    note = json.loads(note_beside(runs).read_text())
    assert (note["seed"], note["why"]) == (3, "ValueError: seed 3 is broken")
    assert list(note_beside(runs).parent.glob("*partner*")) == []
    (tmp_path / "broken3").unlink()
    for seed in (0, 1, 2, 4):
        (tmp_path / f"broken{seed}").touch()
    train_arm(hindered, *digits, threads=2, threads_each=1, runs=runs)
    assert len(records(runs)) == len(SEEDS) and not note_beside(runs).exists()


def test_a_job_that_fails_ends_the_others(start, tmp_path, runs):
    for name in ("slow1", "slow2", "broken4"):
        (tmp_path / name).touch()
    job = start()
    partner = begun(tmp_path, 1)
    begun(tmp_path, 2)
    (tmp_path / "slow2").unlink()
    assert job.wait(60) == 1
    assert gone(partner)
    assert finished(runs) == ["seed_0.json", "seed_2.json"]
    note = json.loads(note_beside(runs).read_text())
    assert (note["seed"], note["why"]) == (4, "ValueError: seed 4 is broken")
    assert list(tmp_path.glob("temporary*")) == []


def test_a_full_disk_is_said_with_what_to_do(digits, hindered, tmp_path, runs):
    (tmp_path / "full1").touch()
    with pytest.raises(PartnerError, match=r"seed 1, .*No space left on device\. Free some"):
        train_arm(hindered, *digits, threads=2, threads_each=1, runs=runs)
    assert json.loads(note_beside(runs).read_text())["why"].endswith("the same command goes on from here.")


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.long), signal.SIGINT]
)
def test_a_job_that_is_ended_ends_the_others(start, tmp_path, runs, number):
    for seed in (1, 2):
        (tmp_path / f"slow{seed}").touch()
    job = start()
    partner = begun(tmp_path, 1)
    begun(tmp_path, 2)
    assert psutil.pid_exists(partner)
    job.send_signal(number)
    assert job.wait(60) != 0
    assert gone(partner)
    assert finished(runs) == ["seed_0.json"]
    if number == signal.SIGINT:
        assert list(tmp_path.glob("temporary*")) == []


def test_two_ctrl_cs_leave_no_more_than_one(start, tmp_path, runs):
    """The process beside the job cannot end by itself."""
    for seed in (1, 2):
        (tmp_path / f"slow{seed}").touch()
    job = start()
    partner = begun(tmp_path, 1)
    begun(tmp_path, 2)
    os.kill(partner, signal.SIGSTOP)
    for _ in range(2):
        job.send_signal(signal.SIGINT)
        time.sleep(0.5)
    assert job.wait(60) != 0
    assert gone(partner) and partner_notes(runs) == []


@BY_FORK_FIRST
def test_a_job_stopped_while_it_waits_for_another_process_says_so(start, tmp_path, runs):
    """Its own seeds are done: what is lost is the other's."""
    (tmp_path / "slow3").touch()
    job = start()
    partner = begun(tmp_path, 3)
    eventually(lambda: finished(runs) == [f"seed_{seed}.json" for seed in (0, 1, 2, 4)])
    eventually(lambda: json.loads(note_beside(runs).read_text())["seed"] == 3)
    job.send_signal(signal.SIGINT)
    assert job.wait(60) != 0 and gone(partner)
    note = json.loads(note_beside(runs).read_text())
    assert (note["seed"], note["why"]) == (3, STOPPED)
    assert [path.name for path in note_beside(runs).parent.glob("look1*")] == ["look1.failure.json"]


@BY_FORK_FIRST
def test_what_a_killed_job_has_left_is_removed(start, tmp_path, digits, hindered, runs):
    (tmp_path / "slow3").touch()
    job = start()
    begun(tmp_path, 3)
    job.kill()
    job.wait()
    assert partner_notes(runs)
    (tmp_path / "slow3").unlink()
    train_arm(hindered, *digits, threads=1, runs=runs)
    assert partner_notes(runs) == [] and len(records(runs)) == len(SEEDS)


def test_a_process_that_cannot_begin_fails_the_job_and_says_so(digits, hindered, monkeypatch, runs):
    monkeypatch.setattr(seed_partners, "module_command", lambda module: [sys.executable, "-c", "raise SystemExit(3)"])
    stale = partner_note(runs, 1)
    stale.parent.mkdir(parents=True)
    stale.write_text(json.dumps({"seed": 7, "why": "of another day"}))
    with pytest.raises(PartnerError, match="could not begin"):
        train_arm(hindered, *digits, threads=2, threads_each=1, runs=runs)
    note = json.loads(note_beside(runs).read_text())
    assert (note["seed"], note["why"]) == (1, seed_partners.NOT_BEGUN)
    assert finished(runs) == [f"seed_{seed}.json" for seed in (0, 2, 4)]


def stopped(start, tmp_path):
    """A job that is stopped while it trains seed 2, and the process beside it, which is stopped at seed 1."""
    for seed in (1, 2):
        (tmp_path / f"slow{seed}").touch()
    job = start()
    partner = psutil.Process(begun(tmp_path, 1))
    begun(tmp_path, 2)
    job.send_signal(signal.SIGSTOP)
    eventually(lambda: partner.status() == psutil.STATUS_STOPPED)
    return job, partner


def test_a_job_that_is_stopped_stops_the_others_until_it_goes_on(start, tmp_path, runs):
    job, _ = stopped(start, tmp_path)
    for seed in (1, 2):
        (tmp_path / f"slow{seed}").unlink()
    job.send_signal(signal.SIGCONT)
    assert job.wait(60) == 0 and len(records(runs)) == len(SEEDS)


def test_what_is_stopped_with_a_job_ends_with_it(start, tmp_path):
    job, partner = stopped(start, tmp_path)
    job.kill()
    try:
        assert gone(partner.pid)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            partner.kill()
