"""Work is shared among copies of a process; what one of them cannot do is done, or fails, where it was asked for."""

import os
import signal

import pytest

from butfor.process.shared_work import share_work

HERE = os.getpid()


@pytest.mark.parametrize("processes", [1, 2, 3, 9])
def test_everything_is_done_once_in_as_many_processes_as_there_are_things_for(tmp_path, processes):
    def work(name):
        with (tmp_path / name).open("a") as file:
            file.write(f"{os.getpid()}\n")

    share_work(work, list("abcd"), processes)
    workers = [(tmp_path / name).read_text().splitlines() for name in "abcd"]
    assert all(len(each) == 1 for each in workers)
    assert len({each[0] for each in workers}) == min(processes, 4) and workers[0] == [str(HERE)]


def test_of_nothing_nothing_is_done():
    share_work(lambda _: pytest.fail("called"), [], 4)


def test_an_error_of_a_copy_is_raised_here():
    def work(number):
        if number == 2:
            raise ValueError(f"{number} cannot be drawn")

    with pytest.raises(ValueError, match="2 cannot be drawn"):
        share_work(work, range(4), 4)


def test_what_a_killed_copy_has_left_is_done_here(tmp_path):
    def work(number):
        if number == 1 and os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)
        (tmp_path / str(number)).touch()

    share_work(work, range(6), 2)
    assert len(list(tmp_path.iterdir())) == 6
