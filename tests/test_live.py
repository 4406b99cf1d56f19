"""Trainings shown epoch by epoch: sent once, completed in place, and never left running."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from mlflow import MlflowClient

from butfor.process import progress
from butfor.process.progress import Progress
from butfor.records.record import read, write
from butfor.records.results_folder import PROGRESS_SUFFIX
from butfor.tracking import follower, forked_import, job_imports, run_content
from conftest import NUMPY, ROOT, resolved
from real_servers import until
from test_tracking import RUN, TRACKING, artifacts, found, track

ABOUT = {"arm": "a", "look": "look1", "seed": 0, "recipe": {**RUN.recipe, "epochs": 2}}
STUDY = {**TRACKING, "arms": {"a": {"family": "f", "reference": None}}}
GONE = 2**22 + 1  # above the largest process number there is


@pytest.fixture
def job(tmp_path):
    """A job's folder with two records in a study's results folder."""
    folder = tmp_path / "runs" / "a" / "look1"
    for seed in (0, 1):
        write(folder / f"seed_{seed}.json", dataclasses.replace(RUN, seed=seed))
    return folder


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("butfor.tracking.job_imports.PAUSE", 0)
    monkeypatch.setattr("butfor.tracking.job_imports.RETRY", 0)
    monkeypatch.setattr("butfor.tracking.live_runs.LONG", -1e12)


def said(folder, *lines, seed=0, **about):
    """A progress file as a training leaves it that is under way."""
    path = folder / f"seed_{seed}{PROGRESS_SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    head = {**ABOUT, "seed": seed, "started": 1e9, "process": os.getpid(), "host": os.uname().nodename, **about}
    path.write_text("".join(json.dumps(line) + "\n" for line in (head, *lines)))
    return path


def line(number):
    """What the training of RUN says of an epoch."""
    ended = RUN.timing["epochs_ended"][number - 1]
    rate = RUN.learning_rate[number * RUN.steps_per_epoch - 1]
    load = {"cpu_utilization_percentage": 50.0}
    return {**RUN.history[number - 1], "learning_rate": rate, "ended": ended, "load": load}


def follow(job, *steps, study=STUDY, live=True, **more):
    """Follow a study in which one step happens between two looks; says what MLflow holds after each look."""
    waiting, seen = list(steps), []

    def going():
        there = (job.parents[2] / "mlflow" / "mlflow.db").exists()
        seen.append([(run.info.status, run.data.tags["butfor.seed"]) for run in found(job)[1]] if there else [])
        if waiting:
            waiting.pop(0)()
            return True
        return False

    job_imports.follow(study, job.parents[1], job.parents[2], live, going, **more)
    return seen


def test_a_training_is_shown_epoch_by_epoch_and_completed_in_place(job):
    waiting = job.parent / ".unfinished" / "mark"
    away = job.rename(job.parents[2] / "away")
    ids, points = [], []

    def look(epochs):
        def step():
            if epochs > 1:
                client, (run,) = found(job)
                ids.append(run.info.run_id)
                points.append(len(client.get_metric_history(run.info.run_id, "train/loss")))
                assert run.data.params == {"arm": "a", "family": "f", "seed": "0", "l2": "0.1"}
            said(waiting, *[line(number) for number in range(1, epochs + 1)])

        return step

    def end():
        (waiting / f"seed_0{PROGRESS_SUFFIX}").unlink()
        away.rename(job)

    seen = follow(job, look(0), look(1), look(2), lambda: None, end, lambda: None)
    assert seen[1:5] == [[("RUNNING", "0")]] * 4
    client, done = found(job)
    assert {run.info.status for run in done} == {"FINISHED"} and len(done) == 2
    run = next(run for run in done if run.data.tags["butfor.seed"] == "0")
    assert run.info.run_id == ids[0] and run.info.end_time == RUN.timing["ended"] * 1000
    assert [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, "train/loss")] == [(1, 0.5), (2, 0.4)]
    assert len(client.get_metric_history(run.info.run_id, "train/learning_rate")) == 2
    assert run.data.tags["butfor.status"] == "ok" and run.data.metrics["test/accuracy"] == 0.5
    track(job, arms=STUDY["arms"])
    assert {r.info.run_id for r in found(job)[1]} == {r.info.run_id for r in done}
    assert points == [1]


def test_points_of_a_training_and_of_its_record_are_the_same():
    from_record = run_content.metrics(RUN, {}, loads=True)
    live = [point for number in (1, 2) for point in run_content.points({**line(number), "load": {}}, True)]
    assert {tuple(p) for p in live} <= {tuple(p) for p in from_record}


@pytest.mark.parametrize(
    "how, status",
    [
        ({"process": GONE}, "KILLED"),
        ({"ended_as": "KILLED", "at": 1e9 + 6}, "KILLED"),
        ({"ended_as": "FAILED", "at": 1e9 + 6}, "FAILED"),
    ],
)
def test_a_training_that_ends_without_a_record_is_not_left_running(job, how, status):
    waiting, log = job.parent / ".unfinished" / "mark", job.parents[2] / "logs" / "train" / "a_look1.log"
    log.parent.mkdir(parents=True)
    log.write_text("what happened")
    last = [how] if "at" in how else []
    about = {} if "at" in how else how
    seen = follow(
        job, lambda: said(waiting, line(1)), lambda: said(waiting, line(1), *last, **about), lambda: None, lambda: None
    )
    assert seen[1:3] == [[("RUNNING", "0")], [(status, "0")]]
    (run,) = found(job)[1]
    assert run.info.end_time == round((1e9 + (6 if last else 4)) * 1000)
    word = {"KILLED": "killed", "FAILED": "crashed"}[status]
    assert (run.data.tags["butfor.status"], run.data.tags["butfor.usable"]) == (word, "no")
    assert "after 1 of up to 2 epochs" in run.data.tags["mlflow.note.content"]
    assert (artifacts(job, run) / "a_look1.log").read_text() == "what happened"


def test_a_training_tried_again_replaces_what_was_shown(job):
    waiting = job.parent / ".unfinished" / "mark"
    follow(job, lambda: said(waiting, line(1)), lambda: said(waiting, started=1e9 + 1), lambda: None)
    (run,) = found(job)[1]
    assert run.info.start_time == 10**12 + 1000 and run.info.status == "KILLED"  # since nothing follows it any more


def test_runs_of_an_earlier_start_that_was_killed_are_ended_by_the_next(job):
    waiting = job.parent / ".unfinished" / "mark"
    follow(job, lambda: said(waiting, line(1)))
    client, (run,) = found(job)
    client.update_run(run.info.run_id, status="RUNNING")  # as kill -9 of the follower leaves it
    said(waiting, line(1), process=GONE)
    follow(job, lambda: None)
    (run,) = found(job)[1]
    assert run.info.status == "KILLED"


def test_a_training_that_goes_on_after_it_was_killed_is_training_again(job):
    waiting = job.parent / ".unfinished" / "mark"
    follow(job, lambda: said(waiting, line(1)), lambda: said(waiting, line(1), process=GONE), lambda: None)
    seen = []

    def look():
        ((run,),) = [found(job)[1]]
        seen.append((run.info.status, run.data.tags["butfor.status"], run.data.tags["butfor.usable"]))

    follow(job, lambda: said(waiting, line(1), line(2)), look, look)
    assert seen[-1] == ("RUNNING", "training", "training")


def test_what_was_killed_before_it_was_shown_stays_unshown(job):
    said(job.parent / ".unfinished" / "mark", line(1), process=GONE)
    assert follow(job, lambda: None, lambda: None)[-1] == []


def test_a_short_training_that_crashed_is_shown_as_failed_unless_there_is_a_record(job, monkeypatch):
    monkeypatch.setattr("butfor.tracking.live_runs.LONG", 1e12)
    crash = {"ended_as": "FAILED", "at": 1e9 + 2}
    waiting = job.parent / ".unfinished" / "mark"
    follow(job, lambda: said(waiting, line(1), seed=6), lambda: said(waiting, line(1), crash, seed=5), live=False)
    (run,) = found(job)[1]
    assert (run.info.status, run.data.tags["butfor.seed"], run.data.tags["butfor.status"]) == ("FAILED", "5", "crashed")
    track(job, **STUDY)
    (job.parent / ".unfinished" / "mark" / f"seed_5{PROGRESS_SUFFIX}").unlink()
    kept = sorted(run.info.run_id for run in found(job)[1])
    follow(job, lambda: said(job.parent / ".unfinished" / "mark", line(1), crash, seed=0), lambda: None)
    assert sorted(run.info.run_id for run in found(job)[1]) == kept and len(kept) == 2


@pytest.mark.parametrize(("share", "meanwhile"), [(1e-9, 2), (1e9, 4)])
def test_mirroring_pauses_by_what_it_has_used_and_leaves_nothing_out_in_the_end(job, share, meanwhile):
    away, later = job.rename(job.parents[2] / "away"), job.parents[2] / "later"
    for seed in (2, 3):
        write(later / f"seed_{seed}.json", dataclasses.replace(RUN, seed=seed))
    steps = [lambda: away.rename(job), lambda: later.rename(job.with_name("look2")), lambda: None, lambda: None]
    seen = follow(job, *steps, share=share)
    assert len(seen[-1]) == meanwhile and len(found(job)[1]) == 4


def test_short_trainings_are_not_shown_before_they_end(job, monkeypatch):
    monkeypatch.setattr("butfor.tracking.live_runs.LONG", 1e12)
    seen = follow(job, lambda: said(job.parent / ".unfinished" / "mark", line(1)), lambda: None)
    assert seen == [[], [], []] and not (job.parents[2] / "mlflow").exists()


def test_nothing_is_imported_once_more_that_track_has_brought_up_to_date(job, monkeypatch):
    opened = []
    monkeypatch.setattr(job_imports, "open_mirror", opened.append)
    job_imports.follow(STUDY, job.parents[1], job.parents[2], True, lambda: False, set(), is_tracked=lambda: True)
    assert not opened


def test_a_server_that_comes_back_is_told_what_it_missed(job, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away, waiting = job.rename(job.parents[2] / "away"), job.parent / ".unfinished" / "mark"
    steps = [
        lambda: away.rename(job) and said(waiting, line(1), seed=2),
        lambda: None,
        lambda: monkeypatch.delenv("MLFLOW_TRACKING_URI"),
        lambda: None,
    ]
    follow(job, *steps)
    assert sorted(run.info.run_name for run in found(job)[1]) == [f"a · seed {seed}" for seed in (0, 1, 2)]


def test_loads_are_sent_if_asked_for(job):
    path = job / "seed_0.json"
    write(path, dataclasses.replace(read(path), timing={**RUN.timing, "loads": [line(1)["load"], line(2)["load"]]}))
    track(job, arms=STUDY["arms"])
    assert not [key for run in found(job)[1] for key in run.data.metrics if key.startswith("system/")]
    track(job, arms=STUDY["arms"], system_metrics=True)
    assert [run.data.metrics.get("system/cpu_utilization_percentage") for run in found(job)[1]].count(50.0) == 1


def test_progress_is_gone_with_the_run_and_says_what_stopped_it(tmp_path):
    path = tmp_path / f"seed_0{PROGRESS_SUFFIX}"
    with Progress(path, ABOUT) as told:
        told.begin(1e9)
        told.epoch({"epoch": 1})
        assert [one.get("epoch") for one in progress.read(path)] == [None, 1]
    assert progress.read(path) == []
    with pytest.raises(ValueError), Progress(path, ABOUT) as told:
        told.begin(1e9)
        raise ValueError
    assert progress.read(path)[-1]["ended_as"] == "FAILED"
    whole = path.read_bytes()
    for more in (b'{"epoch": 2, "tra', b"\x00\xff\x00\n" + whole):
        path.write_bytes(whole + more)
        assert len(progress.read(path)) == 2


def test_progress_that_cannot_be_written_stops_nothing(tmp_path):
    with Progress(tmp_path / "seed_0", ABOUT) as told:
        told.begin(1e9)
        (tmp_path / "seed_0").unlink()
        (tmp_path / "seed_0").mkdir()
        told.epoch({"epoch": 1})
        (tmp_path / "seed_0").rmdir()


TRAIN = """
import json, sys
from pathlib import Path
from butfor.training.arm_job import train_arm
training, arrays, manifest, runs = sys.argv[1:]
train_arm(json.loads(training), Path(arrays), Path(manifest), 1, Path(runs))
"""


@pytest.mark.parametrize("blow", [pytest.param(signal.SIGTERM, marks=pytest.mark.cases), signal.SIGKILL])
def test_a_training_that_is_killed_is_said_to_be_killed(digits, tmp_path, monkeypatch, blow):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    recipe = resolved(model={"name": "mlp", "widths": [256]}, epochs=100_000, batch_size=8)
    training = {"engine": NUMPY, "arm": "a", "seeds": [0], "recipe": recipe, "validation": 0.1}
    runs = tmp_path / "runs" / "a" / "look1"
    words = [sys.executable, "-c", TRAIN, json.dumps(training), *map(str, digits), str(runs)]
    path = os.pathsep.join([str(ROOT / "scripts"), str(ROOT / "tests")])
    process = subprocess.Popen(
        words, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def files():
        return list((tmp_path / "runs").glob(f"a/.unfinished/*/*{PROGRESS_SUFFIX}"))

    def under_way():
        while not files() or len(progress.read(files()[0])) < 4:
            assert process.poll() is None
            time.sleep(0.1)

    def stopped():
        process.send_signal(blow)
        assert process.wait() == -blow

    seen = follow(runs, under_way, stopped, lambda: None)
    (run,) = found(runs)[1]
    assert run.info.status == "KILLED" and seen[1:3] == [[("RUNNING", "0")], [("KILLED", "0")]]
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow/mlflow.db")
    lines = progress.read(files()[0])
    epochs = [one for one in lines if "epoch" in one]
    assert len(client.get_metric_history(run.info.run_id, "train/loss")) == len(epochs)
    assert ("ended_as" in lines[-1]) == (blow == signal.SIGTERM)


@pytest.mark.parametrize("tracked", [True, False])
def test_a_start_that_is_soon_over_is_left_to_track_unless_it_ended_before_that(job, tracked):
    """In a process of its own, as a start begins it; what was there before stays as it was."""
    code = (
        "import json, sys; from pathlib import Path; from butfor.tracking import follower; results = Path(sys.argv[2])\n"
        "follower.start(json.loads(sys.argv[1]), results, True, results / 'follow.log', patience=60)\n"
        "import psutil, time; print(psutil.Process().children()[0].pid); time.sleep(3)\n"
        "(results / 'later').rename(results / 'runs' / 'a' / 'look2')\n"
        "if sys.argv[3] == 'True': (results / 'tracked.json').write_text('{}')\n"
    )
    results = job.parents[2]
    shutil.copytree(job, results / "later")
    words = [sys.executable, "-c", code, json.dumps(STUDY), str(results), str(tracked)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)
    psutil.wait_procs([psutil.Process(int(done.stdout))] if psutil.pid_exists(int(done.stdout)) else [], timeout=60)
    there = found(job)[1] if (results / "mlflow" / "mlflow.db").exists() else []
    assert [run.data.tags["butfor.look"] for run in there] == ([] if tracked else ["look2", "look2"])


def test_it_gives_way_to_the_trainings_of_another_session(job):
    """Where Linux weighs sessions, a niceness alone would leave it half of every core."""
    follower.start(STUDY, job.parents[2], True, job.parents[2] / "follow.log", patience=0)
    (process,) = (one for one in psutil.Process().children() if str(follower.SCRIPT) in one.cmdline())

    def gives_way(one):
        session = Path(f"/proc/{one.pid}/autogroup")
        return one.nice() == 19 and (not session.exists() or session.read_text().split()[-1] == "19")

    try:
        until(lambda: process.nice() == 0 and any(map(gives_way, process.children())))
    finally:
        for one in (*process.children(), process):
            one.kill()
        process.wait()


WITHIN_A_RUN = """
import time
from mlflow import MlflowClient
from butfor.tracking import forked_import
MlflowClient.set_terminated = lambda *_: print("begun", flush=True) or time.sleep(15)
forked_import.main()
"""


def request(job):
    """What a follower asks for."""
    asked = {"tracking": STUDY, "results": str(job.parents[2]), "live": False, "share": 1, "niceness": 19}
    return json.dumps({**asked, "earlier": [], "tracked": None}) + "\n"


def test_it_ends_within_a_run_that_the_last_import_waits_for(job):
    words, pipe = [sys.executable, "-c", WITHIN_A_RUN], subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(words, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        process.stdin.write(request(job))
        process.stdin.close()
        assert process.stdout.readline() == "begun\n"
        assert len(found(job)[1]) == 1
        done = track(job, arms=STUDY["arms"])["runs"]
        assert process.wait() == 0
    assert done == {"s/a/0": "replaced", "s/a/1": "new"}
    assert sorted(run.data.tags["butfor.key"] for run in found(job)[1]) == sorted(done)


@pytest.mark.parametrize("processors", [1, 16])
def test_it_may_take_a_hundredth_of_the_processors(tmp_path, monkeypatch, processors):
    told, echo = tmp_path / "told", tmp_path / "echo.py"
    echo.write_text("import sys; print(sys.stdin.read())")
    monkeypatch.setattr(follower, "SCRIPT", echo)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(processors))
    follower.start(STUDY, tmp_path, True, told)
    until(lambda: told.read_text().endswith("\n"))
    assert json.loads(told.read_text())["share"] == pytest.approx(processors / 100)


@pytest.mark.parametrize("is_going", [True, False])
def test_it_gives_way_only_while_its_start_lives(job, monkeypatch, is_going):
    given, running = [], []
    monkeypatch.setattr(forked_import, "lower_priority", given.append)
    monkeypatch.setattr(follower, "give_way", lambda results: None)
    monkeypatch.setattr(job_imports, "follow", lambda *asked: running.append(asked[4]()))
    read, write = os.pipe()
    with open(read) as pipe, open(write, "w") as other:
        monkeypatch.setattr(sys, "stdin", pipe)
        other.write(request(job))
        other.flush()
        if not is_going:
            other.close()
        forked_import.main()
    assert (given, running) == ([19] * is_going, [is_going])
