"""The jobs that train many arms of a look together, and how long they take: by records of runs that were trained so, or as if
these were trained one after another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from butfor.outlook.planned_study import PlannedStudy
from butfor.outlook.run_seconds import OWN, RunSeconds
from butfor.recipe.given_numbers import rest_of, switches_of
from butfor.records.provenance import gpus
from butfor.workflow.joint_trainings import are_possible, devices_of, joint_trainings
from butfor.workflow.spare_cores import processes_of

TAKING = 0.5  # seconds, measured: of an arm's job that finds its records, Snakemake's among them
FURTHER = 0.25  # measured, 0.1 to 0.3: for each further set of parts, of what is compiled and examined for the first
PROCESS = 2.2  # processor seconds, measured: of its process, which is no fork, until it has imported its libraries


@dataclass(frozen=True)
class SharedJob:
    """A job that trains arms together. runs: that it trains. each: the seconds of a run, on average; once: those that are no
    run's."""

    look: str
    arms: list[str]
    runs: int
    each: float
    once: float

    @property
    def seconds(self) -> float:
        """From its start to its end."""
        return self.once + self.runs * self.each


class SharedJobs:
    """Those of a study."""

    def __init__(self, study: PlannedStudy) -> None:
        self._targets, self._devices = study.targets, devices_of(study.settings)
        planned = study.targets.planned() if are_possible(study.settings, study.targets) else ()
        self._trainings = {(look, training["arm"]): training for look, training in planned}
        self._groups: dict[tuple[str, ...], list[list[str]]] = {}  # a view that is drawn every second asks for the same

    def of(
        self,
        look: str,
        lacking: Mapping[str, int],
        times: Mapping[str, RunSeconds],
        start: float,
        begun: Collection[str] = (),
    ) -> list[SharedJob]:
        """The jobs of a look. lacking: by arm, how many runs are still to be trained. times: what a run of each takes among
        others. start: the seconds that any job has before its first step. begun: arms of which jobs under way have trained a run
        already, so that these have begun and compiled what it is trained and examined by."""
        return [
            self._job(look, {arm: lacking[arm] for arm in arms}, times, start, begun)
            for arms in self._together(look, *lacking)
        ]

    def _together(self, look: str, *arms: str) -> list[list[str]]:
        key = (look, *arms)
        if key not in self._groups:
            asked = [self._trainings[look, arm] for arm in arms if (look, arm) in self._trainings]
            jobs = joint_trainings(asked, self._targets, self._devices)
            self._groups[key] = [[training["arm"] for training in joint.trainings] for joint in jobs]
        return self._groups[key]

    def _job(
        self,
        look: str,
        lacking: Mapping[str, int],
        times: Mapping[str, RunSeconds],
        start: float,
        begun: Collection[str],
    ) -> SharedJob:
        once: dict[
            object, float | None
        ] = {}  # by what is compiled, which arms with the same parts share; None if unknown
        are_compiled = set[object]()
        for arm in lacking:
            recipe = self._trainings[look, arm]["recipe"]
            parts = rest_of(recipe), switches_of(recipe)
            once.setdefault(parts, None)
            if times[arm].source == OWN:
                once[parts] = max(once[parts] or 0.0, times[arm].once)
            if arm in begun:
                are_compiled.add(parts)
        first = max(times[arm].once for arm in lacking)
        left = [
            FURTHER * first if seconds is None else seconds
            for parts, seconds in once.items()
            if parts not in are_compiled
        ]
        lead = 0.0 if are_compiled else start + PROCESS + first - max(left)
        return SharedJob(look, list(lacking), *runs_of(lacking, times), once=lead + sum(left))


def arms_of(shared: Iterable[SharedJob]) -> set[str]:
    """The arms that some jobs train."""
    return {arm for job in shared for arm in job.arms}


def seconds_of_jobs(
    shared: Iterable[SharedJob], lacking: Mapping[str, int], times: Mapping[str, RunSeconds], start: float, places: int
) -> list[float]:
    """The seconds of each job of a look: of those that train arms together, and of every other arm by itself, whose processes
    count as jobs where cores would be idle otherwise. places: jobs at a time."""
    shared = list(shared)
    together = arms_of(shared)
    alone = {arm: runs for arm, runs in lacking.items() if arm not in together}
    most = max(alone.values(), default=1)
    processes = [1] * len(alone) if together or gpus() else processes_of(len(alone), most, places)
    shares = [
        (times[arm], len(range(place, runs, count)))
        for (arm, runs), count in zip(alone.items(), processes, strict=True)
        for place in range(count)
    ]
    return [*(job.seconds for job in shared), *(start + time.once + runs * time.each for time, runs in shares)]


def runs_of(lacking: Mapping[str, int], times: Mapping[str, RunSeconds]) -> tuple[int, float]:
    """How many there are, and the seconds of each on average."""
    runs = sum(lacking.values())
    return runs, sum(number * times[arm].each for arm, number in lacking.items()) / max(1, runs)
