"""Records of a short start reach MLflow while its report is made: by a fork, once, and never beside the last import."""

import os
import signal
import time
from contextlib import contextmanager

import psutil
import pytest

from butfor.forks.client import FORKED_IMPORT, MIRROR, TRAINED, servers_of
from butfor.forks.interpreter import SERVERS, thread_variables
from butfor.tracking import follower, forked_import
from real_servers import until
from test_forks import run, script, server
from test_live import STUDY, at_once, found, job, track  # noqa: F401

IN_FORKS = """
import logging, time
from mlflow import MlflowClient
configure = logging.basicConfig
logging.basicConfig = lambda **asked: configure(**asked) or logging.warning("in a fork")
if {slow}:
    MlflowClient.set_terminated = lambda *_: logging.warning("within a run") or time.sleep(30)
"""


@contextmanager
def start(results, tmp_path, monkeypatch, train, slow=False, trained=True, **settings):
    """A start with a follower, whose job `train` ends; then it has a server for its last import, and all its trainings are over
    if `trained`. Gives the file of the follower's messages, and its process."""
    folder, log = tmp_path / "servers", results / "follow.log"
    folder.mkdir()
    (tmp_path / "beforehand.py").write_text(IN_FORKS.format(slow=slow))
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv(SERVERS, str(folder))
    follower.start(STUDY, results, False, log, **settings)
    (process,) = (one for one in psutil.Process().children() if str(follower.SCRIPT) in one.cmdline())
    more = {"PYTHONPATH": path, **thread_variables(1)}
    try:
        time.sleep(1.5)  # for it to see what is there
        train()
        with server(folder, MIRROR, ["butfor.tracking", "beforehand"], **more):
            if trained:
                (folder / TRAINED).touch()
            yield log, process
    finally:
        process.kill()
        process.wait()


def forked_and_server():
    everyone = psutil.Process().children(recursive=True)
    return [one for one in everyone if one.status() != psutil.STATUS_ZOMBIE and "server.py" in " ".join(one.cmdline())]


def put_aside(job):  # noqa: F811
    """The records of a job that ends later."""
    away = job.rename(job.parents[2] / "away")
    return lambda: (job.parent.mkdir(exist_ok=True), away.rename(job))


def test_what_a_short_start_has_trained_is_imported_before_its_last_import(job, tmp_path, monkeypatch):  # noqa: F811
    results, end = job.parents[2], put_aside(job)
    with start(results, tmp_path, monkeypatch, end) as (log, process):
        until(lambda: "s/a/1: new" in log.read_text())
        assert "in a fork" in log.read_text() and process.is_running()
        until(lambda: not process.children())
        assert len(found(job)[1]) == 2
        assert track(job, arms=STUDY["arms"])["runs"] == {"s/a/0": "same", "s/a/1": "same"}
        time.sleep(1.5)
        assert log.read_text().count("in a fork") == 1


def test_a_start_that_lasts_is_followed_by_a_fork_until_its_trainings_are_over(job, tmp_path, monkeypatch):  # noqa: F811
    results, end = job.parents[2], put_aside(job)
    with start(results, tmp_path, monkeypatch, end, trained=False, patience=3.0, niceness=1) as (log, process):
        until(lambda: "s/a/1: new" in log.read_text())
        assert log.read_text().count("in a fork") == 1 and process.nice() == 0
        assert [one.nice() for one in forked_and_server() if one.nice()] == [1]
        (tmp_path / "servers" / TRAINED).touch()
        until(lambda: log.read_text().count("in a fork") == 2)
        assert not [one.nice() for one in forked_and_server() if one.nice()]
        until(lambda: not process.children())
        assert log.read_text().count(": new") == len(found(job)[1]) == 2


def test_what_was_there_before_is_left_to_the_last_import(job, tmp_path, monkeypatch):  # noqa: F811
    with start(job.parents[2], tmp_path, monkeypatch, lambda: None) as (log, process):
        until(lambda: (tmp_path / "servers" / MIRROR).exists())
        time.sleep(1.5)  # for the follower to see it too, and to ask it
        last = script(tmp_path, "import sys; print('beforehand' in sys.modules)", "track")
        assert run(tmp_path / "servers", last, env={**os.environ, **thread_variables(1)}) == (0, "True\n", "")
        until(lambda: not process.children())
        assert log.read_text() == "" and not (job.parents[2] / "mlflow").exists()


@pytest.mark.parametrize("ended_by", ["the last import", pytest.param("kill -9", marks=pytest.mark.long)])
def test_it_ends_within_a_run(job, tmp_path, monkeypatch, ended_by):  # noqa: F811
    results, end = job.parents[2], put_aside(job)
    with start(results, tmp_path, monkeypatch, end, slow=True) as (log, process):
        until(lambda: "within a run" in log.read_text())
        if ended_by == "kill -9":
            process.send_signal(signal.SIGKILL)
            until(lambda: len(forked_and_server()) == 1)
        begun = time.monotonic()
        done = track(job, arms=STUDY["arms"])["runs"]
        assert time.monotonic() - begun < 20
    assert done == {"s/a/0": "replaced", "s/a/1": "new"}
    assert sorted(run.data.tags["butfor.key"] for run in found(job)[1]) == sorted(done)


def test_it_begins_only_once_there_is_what_it_can_be_forked_from(tmp_path, monkeypatch):
    for folder in ("", str(tmp_path)):
        monkeypatch.setenv(SERVERS, folder)
        assert not forked_import.can_begin()
    (tmp_path / MIRROR).touch()
    assert not forked_import.can_begin()
    (tmp_path / TRAINED).touch()
    assert forked_import.can_begin() and servers_of(FORKED_IMPORT) == [MIRROR]
    monkeypatch.delenv(SERVERS)
    assert not forked_import.can_begin()


def test_servers_may_end_while_it_is_begun(tmp_path, monkeypatch):
    monkeypatch.setenv(SERVERS, str(tmp_path / "gone"))
    monkeypatch.setattr(forked_import.Path, "exists", lambda path: True)  # a moment before
    following = forked_import.Following({"results": str(tmp_path)}, [], None)
    assert psutil.Process().children()[-1].is_running()
    following.stop()


@pytest.mark.parametrize("written", [True, False])
def test_what_was_imported_is_not_imported_again_after_a_start_that_was_stopped(job, monkeypatch, written):  # noqa: F811
    """Only what could not be written; Ctrl-C comes before `track`."""
    end, asked, begun = put_aside(job), [], []
    parents = iter([1, 1, 2])  # of the follower, whose start ends

    class Following:
        end_with_start = staticmethod(lambda: begun.append(True))

    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    monkeypatch.setattr(follower, "can_begin", lambda: end() is None or True)
    monkeypatch.setattr(follower, "import_trained", lambda tracking, results, jobs: asked.extend(jobs) or written)
    monkeypatch.setattr(follower, "Following", lambda *_: Following)
    asking = {"tracking": STUDY, "results": str(job.parents[2]), "parent": 1, "patience": 60.0}
    follower.follow(asking)
    assert [folder for folder, _ in asked] == [job] and begun == [True] * (not written)


def test_an_import_that_fails_says_so(job, monkeypatch):  # noqa: F811
    results, jobs = job.parents[2], [(job, 0)]
    (results / "mlflow").write_text("no folder")
    assert not forked_import.import_trained(STUDY, results, jobs) and job.exists()
    (results / "mlflow").unlink()
    assert forked_import.import_trained(STUDY, results, jobs) and len(found(job)[1]) == 2
