"""Work that this process shares with copies of itself, which begin with all that it holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from typing import TypeVar

Thing = TypeVar("Thing")
UNDONE = 1  # exit status of a copy


def share_work(work: Callable[[Thing], None], things: Sequence[Thing], processes: int) -> None:
    """Do `work` for each thing in at most so many processes, of which this one is the first. What a copy could not do is done
    here, so that its error is raised here."""
    most = min(processes, len(things))
    shares = [things[place::most] for place in range(most)]
    copies = [
        (share, get_context("fork").Process(target=_work_quietly, args=(work, share, os.getpid()), daemon=True))
        for share in shares[1:]
    ]
    for _, copy in copies:
        copy.start()
    for thing in shares[0] if shares else []:
        work(thing)
    for share, copy in copies:
        copy.join()
        for thing in share if copy.exitcode else []:
            work(thing)


def _work_quietly(work: Callable[[Thing], None], things: Sequence[Thing], parent: int) -> None:
    """Do it as long as the process that asked for it is there, which is told of an error by the exit status alone."""
    try:
        for thing in things:
            if os.getppid() != parent:
                break
            work(thing)
    except BaseException:
        os._exit(UNDONE)
