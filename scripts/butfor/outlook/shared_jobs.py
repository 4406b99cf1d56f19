"""The jobs that train many arms of a look together, and how long they take: by records of runs that were trained so, or as if
these were trained one after another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from butfor.outlook.known_runs import KnownRun
from butfor.outlook.planned_study import PlannedStudy
from butfor.outlook.run_seconds import RunSeconds
from butfor.recipe.given_numbers import rest_of, switches_of
from butfor.workflow.joint_trainings import are_possible, devices_of, joint_trainings

TAKING = 1.3  # seconds, measured: of an arm's job that finds its records, Snakemake's among them


@dataclass(frozen=True)
class SharedJob:
    """A job that trains arms together. runs: that it trains. once: its seconds that are no run's, each: those of a run, on
    average."""

    look: str
    arms: list[str]
    runs: int
    once: float
    each: float

    @property
    def seconds(self) -> float:
        """From its start to its end."""
        return self.once + self.runs * self.each


class SharedJobs:
    """Those of a study. times: what a run of each arm takes among others. start: the seconds that a job has before its first
    step."""

    def __init__(self, study: PlannedStudy, times: Mapping[str, RunSeconds], start: float) -> None:
        self._targets, self._times, self._start = study.targets, times, start
        planned = study.targets.planned() if are_possible(study.settings, study.targets) else ()
        self._devices = devices_of(study.settings)
        self._trainings = {(look, training["arm"]): training for look, training in planned}

    def of(self, look: str, lacking: Mapping[str, int]) -> list[SharedJob]:
        """The jobs of a look. lacking: by arm, how many runs are to be trained."""
        asked = [self._trainings[look, arm] for arm in lacking if (look, arm) in self._trainings]
        return [
            self._job(look, {training["arm"]: lacking[training["arm"]] for training in joint.trainings})
            for joint in joint_trainings(asked, self._targets, self._devices)
        ]

    def _job(self, look: str, lacking: Mapping[str, int]) -> SharedJob:
        once: dict[object, float] = {}  # by what is compiled, which arms with the same parts share
        for arm in lacking:
            recipe = self._trainings[look, arm]["recipe"]
            parts = rest_of(recipe), switches_of(recipe)
            once[parts] = max(once.get(parts, 0.0), self._times[arm].once)
        runs = sum(lacking.values())
        each = sum(number * self._times[arm].each for arm, number in lacking.items()) / runs
        return SharedJob(look, list(lacking), runs, self._start + sum(once.values()), each)


def amortised(runs: Iterable[KnownRun]) -> list[KnownRun]:
    """Runs that were trained among others, each with its share of all that its cohort took: the record of one that ended before
    others tells of the training so far."""
    cohorts: dict[str, list[list[KnownRun]]] = defaultdict(lambda: [[]])
    for run in sorted(runs, key=lambda run: run.started):
        of_structure = cohorts[f"{run.batched} {rest_of(run.recipe)}"]
        if of_structure[-1] and _train(run) < _train(of_structure[-1][-1]):  # which never falls within a cohort
            of_structure.append([])
        of_structure[-1].append(run)
    every = (cohort for of_structure in cohorts.values() for cohort in of_structure if cohort)
    return [replace(run, seconds={**run.seconds, "train": _train(cohort[-1])}) for cohort in every for run in cohort]


def _train(run: KnownRun) -> float:
    return run.seconds.get("train", 0.0)
