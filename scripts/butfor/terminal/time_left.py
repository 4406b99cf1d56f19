"""The time that a running study still needs: by what its runs so far have taken, and runs like them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from butfor.outlook.alike_arms import steps_per_epoch
from butfor.outlook.known_runs import KnownRun, runs_in
from butfor.outlook.makespan import AROUND_EACH_ARM, BETWEEN_LOOKS, makespan
from butfor.outlook.planned_study import PlannedStudy, examples_of
from butfor.outlook.run_seconds import RunSeconds, by_recipe, run_seconds, start_seconds
from butfor.outlook.time_needed import START, known_runs
from butfor.records.results_folder import RUNS_FOLDER, finished_seeds, is_record, records_below
from butfor.report.study_progress import JobProgress, StudyProgress
from butfor.study.plan import Plan
from butfor.workflow.targets import Targets

CLOSING = 5.0  # seconds after the last training, beside those of each arm: checks, figures, the report
LEAST_SHARE = 0.1  # of a run's epochs, by which its time can be told


@dataclass(frozen=True)
class Left:
    """Seconds that a study still needs. look: if the look that trains now is its last; most: if no further ablation is settled
    before the last look."""

    look: float
    most: float


class TimeLeft:
    """The time that a study in the folder `results` still needs; each record is read once.

    recipes: those of arms, with the steps of their epochs if they are known; of other arms the middle of all runs is taken.
    beside: runs of other studies that are like them. side_by_side: jobs at a time; 0: as many as are seen to train.
    """

    def __init__(
        self,
        results: Path,
        recipes: Mapping[str, tuple[Mapping[str, Any], int | None]] | None = None,
        beside: Iterable[KnownRun] = (),
        side_by_side: int = 0,
    ) -> None:
        self._results, self._recipes, self._side_by_side = results, recipes or {}, side_by_side
        self._own: list[KnownRun] = []
        self._read_already: dict[Path, KnownRun | None] = {}
        self._beside = list(beside)

    def of(self, found: StudyProgress) -> Left | None:
        """The time that is left; None where no run tells it."""
        self._read()
        known = [*self._beside, *self._own]
        groups = {**by_recipe(self._beside), **by_recipe(self._own)}
        usual = _usual(known) if known else self._first(found)
        if usual is None:
            return None
        times = {job.arm: self._time_of(job.arm, groups) or usual for job in found.jobs}
        start = start_seconds(self._own) or START
        lanes = self._side_by_side or max(1, len(found.under_way))
        look = _look(found.jobs, times, start, lanes)
        later = [
            [start + times[job.arm].once + (seeds - before) * times[job.arm].each for job in found.jobs]
            for before, seeds in zip(found.looks[found.place :], found.looks[found.place + 1 :], strict=False)
        ]
        closing = CLOSING + AROUND_EACH_ARM * len({job.arm for job in found.jobs} | {run.arm for run in self._own})
        more = makespan(later, lanes) + BETWEEN_LOOKS if later else 0.0
        return Left(look + closing, look + more + closing)

    def _read(self) -> None:
        runs = self._results / RUNS_FOLDER
        there = [*records_below(runs), *filter(is_record, finished_seeds(runs))]  # a job moves its records when it ends
        for path in there:
            if path not in self._read_already:
                self._read_already[path] = next(runs_in([path]), None)
        self._own = [run for path in there if (run := self._read_already[path])]

    def _time_of(self, arm: str, groups: dict[str, list[KnownRun]]) -> RunSeconds | None:
        if arm in self._recipes:
            recipe, steps = self._recipes[arm]
            return run_seconds(dict(recipe), groups, steps)
        own = [run for run in self._own if run.arm == arm]
        return _usual(own) if own else None

    def _first(self, found: StudyProgress) -> RunSeconds | None:
        """By the epochs of the first runs, before any of them has ended."""
        shares = [
            (time.time() - job.since) / job.share for job in found.under_way if job.since and job.share > LEAST_SHARE
        ]
        return RunSeconds(0.0, median(shares), "its epochs so far") if shares else None


def time_left_of_start(settings: dict[str, Any], plan: Plan, targets: Targets, cores: int) -> Callable[[], TimeLeft]:
    """What makes the time that is left of a start, on so many cores: it knows all recipes, and runs of other studies."""

    def make() -> TimeLeft:
        data = {name: {**one, "largest": plan.largest(name)} for name, one in settings["data_sets"].items()}
        study = PlannedStudy(settings, plan, targets, [], data)
        recipes = {
            name: (
                arm.recipe,
                steps_per_epoch(arm.recipe, examples_of(study, arm.data_set), plan.validation[arm.data_set]),
            )
            for name, arm in plan.arms.items()
        }
        own = study.results / RUNS_FOLDER
        beside = [run for run in known_runs(study) if own not in run.job.parents]
        return TimeLeft(study.results, recipes, beside, max(1, cores // settings["threads"]))

    return make


def _usual(runs: Iterable[KnownRun]) -> RunSeconds:
    runs = list(runs)
    return RunSeconds(median(run.once for run in runs), median(run.each for run in runs), "the runs so far")


def _look(jobs: Iterable[JobProgress], times: Mapping[str, RunSeconds], start: float, lanes: int) -> float:
    """The seconds of the jobs of a look that have not ended: those that train are on their way already."""
    open_jobs = sorted((job for job in jobs if not job.has_ended), key=lambda job: job.since is None)
    seconds = []
    for job in open_jobs:
        needed = times[job.arm].once + times[job.arm].each * (job.seeds - job.done) / job.runs
        if job.since is None:
            seconds.append(start + needed)
            continue
        if job.done:
            needed -= times[job.arm].once
        seconds.append(max(0.0, needed - (time.time() - job.since)))
    return makespan([seconds], lanes)
