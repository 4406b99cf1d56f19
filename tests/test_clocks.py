"""Clocks that are put back or forward, sleep, or differ between a machine and its file server."""

import os
import time
from datetime import UTC, datetime

import pytest

from butfor.cluster import folder as cluster_folder
from butfor.cluster import status
from butfor.process import clock
from butfor.process.clock import Clock
from butfor.study.study_protocol import protocol
from butfor.verdicts import register
from butfor.verdicts.preregistration import Seen, entered
from butfor.workflow import clock_watch, recovery

HOUR = 3600.0


@pytest.fixture
def machine(monkeypatch):
    """The machine's clock, to be set, and one that nobody can set; both stand still."""
    hands = {"clock": 1.8e9, "unsettable": 50.0}
    monkeypatch.setattr(time, "time", lambda: hands["clock"])
    monkeypatch.setattr(clock, "unsettable", lambda: hands["unsettable"])
    monkeypatch.setattr(time, "monotonic", lambda: hands["unsettable"])

    def after(seconds, put=0.0):
        hands["clock"] += seconds + put
        hands["unsettable"] += seconds

    return after


@pytest.mark.parametrize("put", [-HOUR, HOUR])
def test_a_run_s_times_go_on_where_the_clock_is_put(machine, put):
    run = Clock({})
    machine(1.0)
    run.epoch_ended({})
    machine(1.0, put)
    run.epoch_ended({})
    timing = run.timing()
    assert [each - run.started for each in (*timing["epochs_ended"], timing["ended"])] == [1.0, 2.0, 2.0]


def test_a_run_that_goes_on_after_the_clock_was_put_back_ends_no_epoch_before_its_last(machine):
    cut_off = Clock({})
    machine(5.0)
    cut_off.epoch_ended({})
    machine(1.0, -HOUR)
    run = Clock({})
    run.resume(cut_off.timing())
    machine(2.0)
    run.epoch_ended({})
    times = [run.started, *run.timing()["epochs_ended"], run.timing()["ended"]]
    assert times == sorted(times) and times[2] - times[1] == 2.0


def test_files_are_dated_back_where_the_clock_is_put_back_during_a_start(machine, tmp_path, capsys):
    late = tmp_path / "made_before"
    late.touch()
    os.utime(late, (time.time(), time.time()))
    before = clock_watch.ahead()
    machine(1.0)
    assert clock_watch.follow(tmp_path, before) == before and capsys.readouterr().err == ""
    machine(1.0, -HOUR)
    recovery.time.time_ns, kept = (lambda: int(time.time() * 1e9)), recovery.time.time_ns
    try:
        assert clock_watch.follow(tmp_path, before) < before
    finally:
        recovery.time.time_ns = kept
    assert late.stat().st_mtime <= time.time() and "was the clock put back" in capsys.readouterr().err


def test_a_job_that_is_gone_is_waited_for_by_this_machine_s_clock(machine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cluster_folder.FOLDER.mkdir(parents=True)
    assert status._seconds_gone("7") == 0.0
    os.utime(cluster_folder.FOLDER / "7.gone", (0, 0))  # by the clock of a file server that is behind
    machine(20.0)
    assert status._seconds_gone("7") == 20.0
    machine(1.0, -HOUR)
    assert status._seconds_gone("7") == 0.0
    machine(status.GRACE)
    assert status._seconds_gone("7") == status.GRACE


def test_a_later_entry_of_the_register_bears_a_later_time_where_the_clock_was_put_back(planned, tmp_path):
    def asked(margin):
        text = f"seeds: 5\nverdict: {{margin: {margin}}}\ndata: {{name: digits}}\nablations: {{a: {{set: {{dropout: 0.2}}}}}}"
        return protocol(*planned(text))

    none = Seen({}, None, None)
    first = entered(register.read(tmp_path / "none"), asked(0.01), none, now=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    later = entered(first, asked(0.02), none, now=datetime(2026, 10, 25, 0, 31, tzinfo=UTC))
    assert [each["time"] for each in later["terms"]] == ["2026-10-25T01:30:00Z", "2026-10-25T01:30:01Z"]


@pytest.mark.parametrize("instant", ["2026-03-29T01:00:00", "2026-10-25T00:30:00", "2026-10-25T01:30:00"])
def test_when_verdicts_were_reached_is_said_without_a_time_zone(instant, tmp_path, monkeypatch):
    from butfor.verdicts.reported import reported

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        rows = tmp_path / "contrasts.json"
        rows.touch()
        os.utime(rows, (datetime.fromisoformat(f"{instant}+00:00").timestamp(),) * 2)
        assert reported([], register.NEW, 0, "", rows)["time"] == f"{instant}Z"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
