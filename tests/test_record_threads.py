"""Threads that make the records of runs that are over: how many wait, and what becomes of one that fails."""

import threading

import pytest

from butfor.process.record_threads import RecordThreads

PATIENCE = 30.0  # seconds


def test_one_thread_is_the_callers():
    made = []
    with RecordThreads(1, most=1) as makers:
        makers.make(lambda: made.append(threading.current_thread()))
        assert made == [threading.current_thread()]


def test_records_are_made_side_by_side_and_all_of_them():
    both, made = threading.Barrier(2, timeout=PATIENCE), []

    def record():
        both.wait()  # would break if the other were not made at the same time
        made.append(threading.current_thread().name)

    with RecordThreads(2, most=4) as makers:
        for _ in range(6):
            makers.make(record)
    assert len(made) == 6 and len(set(made)) == 2 and threading.current_thread().name not in made


def test_no_more_wait_than_is_said():
    go, asked = threading.Event(), []

    def ask():
        with RecordThreads(2, most=3) as makers:
            for n in range(4):
                makers.make(go.wait)
                asked.append(n)

    caller = threading.Thread(target=ask)
    caller.start()
    caller.join(0.3)
    assert asked == [0, 1, 2]
    go.set()
    caller.join(PATIENCE)
    assert asked == [0, 1, 2, 3]


def failing():
    raise OSError("no space left")


def test_one_that_fails_ends_the_cohort_and_those_that_wait_are_not_made():
    made, go = [], threading.Event()
    with pytest.raises(OSError, match="no space left"), RecordThreads(2, most=8) as makers:
        makers.make(failing)
        makers.make(go.wait)
        while not makers._failure:
            pass
        go.set()
        makers.make(lambda: made.append(1))
    with pytest.raises(OSError, match="no space left"), RecordThreads(2, most=8) as makers:
        makers.make(failing)
    assert made == []


def test_a_training_that_fails_leaves_the_records_of_runs_that_were_over():
    made, go = [], threading.Event()

    def record():
        go.wait(PATIENCE)
        made.append(1)

    with pytest.raises(ValueError, match="loss"), RecordThreads(2, most=8) as makers:
        for _ in range(5):
            makers.make(record)
        go.set()
        raise ValueError("loss")
    assert made == [1] * 5


def test_what_the_user_stops_does_not_wait_for_those_that_wait():
    made, go = [], threading.Event()

    def record():
        go.wait(PATIENCE)
        made.append(1)

    def stop():
        with RecordThreads(2, most=8) as makers:
            for _ in range(6):
                makers.make(record)
            threading.Timer(0.2, go.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert len(made) == 2
