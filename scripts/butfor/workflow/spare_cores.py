"""How many processes train the seeds of a job side by side: more than one where cores would have nothing to do otherwise, as when
the last jobs of a look are fewer than the cores. Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from butfor.process.memory_limit import memory_limit
from butfor.records.results_folder import RUNS, UNFINISHED, record_in
from butfor.study.plan import Plan
from butfor.workflow.lacking_trainings import asked_folders, folder_of, lacking_trainings
from butfor.workflow.targets import Targets
from butfor.workflow.training_order import precedence

MEGABYTE = 2**20
START = 0.5  # of a seed's time, roughly: what a process needs before its first step

Round = tuple[int, int]  # how many jobs, and the processes of each


class SpareCores:
    """The processes of the training jobs of a start.

    settings: the study's, completed. asked: gives the files that Snakemake is asked for by their paths. cores: that a job may
    have on this machine; None where jobs are to have one process each, as on a cluster, which counts each job's cores by itself.
    most_memory: MB that the jobs of the start may have together, if it says so.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        plan: Plan,
        targets: Targets,
        asked: Callable[[], Sequence[Any]],
        cores: int | None,
        most_memory: int | None = None,
    ) -> None:
        self._targets, self._asked, self._results = targets, asked, Path(settings["results"])
        self._precedence = precedence(plan)
        self._of_look: dict[str, dict[str, int]] = {}
        self._of_attempt: dict[tuple[str, str, int], int] = {}
        memory = memory_limit() // MEGABYTE if most_memory is None else most_memory
        self._places = min(cores // int(settings["threads"]), memory // int(settings["job"]["mem_mb"])) if cores else 1

    def processes(self, arm: str, look: str, attempt: int = 1) -> int:
        """Those of an arm's job; worked out once, before the first of a look begins, and for each further attempt, which has no
        more of them than seeds that are lacking."""
        if self._places < 2 or self._targets.is_dry_run:
            return 1
        if look not in self._of_look:
            if (shared := self._shared_out(look)) is None:
                return 1
            self._of_look[look] = shared
        if (most := self._of_look[look].get(arm, 1)) < 2:
            return most
        if (arm, look, attempt) not in self._of_attempt:
            self._of_attempt[arm, look, attempt] = min(most, max(1, self._lacking_seeds(arm, look)))
        return self._of_attempt[arm, look, attempt]

    def _lacking_seeds(self, arm: str, look: str) -> int:
        """Those of which no job that was ended has left a record: by its device, which is not known here, the fewest."""
        seeds = self._targets.training(arm, look)["seeds"]
        waiting = (self._results / RUNS.format(arm=arm, look=look)).parent.glob(f"{UNFINISHED}/*/")
        return min((sum(not record_in(each, seed).exists() for seed in seeds) for each in waiting), default=len(seeds))

    def _shared_out(self, look: str) -> dict[str, int] | None:
        """By arm, the processes of its job; None while the decision is lacking that says which arms train in the look, as where a
        report on what there is asks for records of a look that is to be decided anew: Snakemake waits for none here."""
        from snakemake.exceptions import IncompleteCheckpointException

        asked = asked_folders(self._results, self._asked() or ())
        try:
            of_look = lacking_trainings(self._targets, self._results, look)
        except IncompleteCheckpointException:
            return None
        lacking = [
            training for training in of_look if not asked or folder_of(self._results, training["arm"], look) in asked
        ]
        lacking.sort(key=lambda training: -self._precedence(training["arm"]))
        seeds = max((len(training["seeds"]) for training in lacking), default=1)
        each = processes_of(len(lacking), seeds, self._places)
        return {training["arm"]: processes for training, processes in zip(lacking, each, strict=True)}


def processes_of(jobs: int, seeds: int, places: int) -> list[int]:
    """The processes of each job of a look, the most first, such that the look ends soonest: rounds of jobs of equal length are
    thought of, which take places for as long as a process has seeds. Where more of them gain nothing, a job has one.

    jobs: how many there are. seeds: of each. places: processes that may train at a time.
    """
    places = max(1, places)
    full = max(0, jobs // places - 1)  # rounds in which nothing is idle, whatever comes after them
    each = [processes for count, processes in _rounds(jobs - full * places, seeds, places) for _ in range(count)]
    return sorted(each + [1] * (full * places), reverse=True)


def _rounds(jobs: int, seeds: int, places: int) -> tuple[Round, ...]:
    """The rounds in which so many jobs end soonest."""

    @cache
    def best(left: int) -> tuple[float, int, tuple[Round, ...]]:
        if not left:
            return 0.0, 0, ()
        options = []
        for processes in range(1, min(seeds, places) + 1):
            count = min(left, places // processes)
            after, more, rounds = best(left - count)
            took = START - (-seeds // processes)
            options.append((took + after, more + count * processes, ((count, processes), *rounds)))
        return min(options)

    return best(jobs)[-1]
