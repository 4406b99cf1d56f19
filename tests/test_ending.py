"""What is done after the last job of a start."""

import threading

from snakemake.scheduling.job_scheduler import JobScheduler

from butfor.workflow import ending


class Waiting:
    def release(self):
        raise AssertionError("a round after the last job")


def test_no_round_of_scheduling_is_waited_for_after_the_last_job():
    scheduler = JobScheduler.__new__(JobScheduler)
    scheduler._open_jobs = Waiting()
    own = threading.Timer(60, print)
    own.start()
    scheduler._schedule_reevalutation(60)
    rounds = set(threading.enumerate()) - {own, threading.main_thread()}
    ending.cancel_rounds()
    for each in rounds:
        each.join(10)
    assert own.is_alive() and not own.finished.is_set()
    own.cancel()
    assert not any(isinstance(each, threading.Timer) and each.is_alive() for each in rounds)
