"""The time that a running study still needs: by what its runs so far have taken, and runs like them."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from butfor.outlook.alike_arms import steps_per_epoch
from butfor.outlook.job_start import usual_start
from butfor.outlook.known_runs import KnownRun, runs_in
from butfor.outlook.makespan import AROUND_EACH_ARM, BETWEEN_LOOKS, makespan
from butfor.outlook.planned_seconds import mark_of, planned_seconds
from butfor.outlook.planned_study import PlannedStudy, examples_of
from butfor.outlook.run_seconds import RunSeconds, by_recipe, once_more, run_seconds, start_seconds, usual_each
from butfor.outlook.shared_jobs import PROCESS, TAKING, SharedJob, SharedJobs, arms_of, runs_of, seconds_of_jobs
from butfor.outlook.time_needed import known_runs, side_by_side
from butfor.records.awaited_anew import awaited_anew
from butfor.records.results_folder import RESULTS_LOCK, RUNS, RUNS_FOLDER, finished_seeds, is_record, records_below
from butfor.report.study_progress import JobProgress, StudyProgress
from butfor.study.plan import Plan
from butfor.workflow import parameters
from butfor.workflow.targets import Targets

CLOSING = 3.5  # seconds after the last training, beside those of each arm: of config/tiny.yaml, by processor seconds (2026-11-28)
LEAST_SHARE = 0.1  # of a run's epochs, by which its time can be told


@dataclass(frozen=True)
class Left:
    """Seconds that a study still needs. look: if the look that trains now is its last; most: if no further ablation is settled
    before the last look. is_planned: whether the plan alone tells it, before any run."""

    look: float
    most: float
    is_planned: bool = False


class TimeLeft:
    """The time that a study in the folder `results` still needs; each record is read once.

    recipes: those of arms, with the steps of their epochs if they are known; of other arms the middle of all runs is taken.
    beside: runs of other studies that are like them. side_by_side: jobs at a time; 0: as many as are seen to train. shared: the
    jobs that train arms together; None where it is not known which: all that wait, if any run was trained so. planned: what the
    runs of arms take as the study's plan has it, for as long as no run tells it.
    """

    def __init__(
        self,
        results: Path,
        recipes: Mapping[str, tuple[Mapping[str, Any], int | None]] | None = None,
        beside: Iterable[KnownRun] = (),
        side_by_side: int = 0,
        shared: SharedJobs | None = None,
        planned: Mapping[str, RunSeconds] | None = None,
    ) -> None:
        self._results, self._recipes, self._side_by_side = results, recipes or {}, side_by_side
        self._own: list[KnownRun] = []
        self._read_already: dict[Path, KnownRun | None] = {}
        self._beside, self._shared, self._planned = list(beside), shared, planned or {}

    def of(self, progress: StudyProgress) -> Left | None:
        """The time that is left; None where neither a run nor a plan tells it."""
        self._read()
        arms = [job.arm for job in progress.jobs]
        alone, among = self._times(arms, are_batched=False), self._times(arms, are_batched=True)
        first = self._first(progress)
        measured = alone or among or (dict.fromkeys(arms, first) if first else None)
        planned = {arm: self._planned[arm] for arm in arms if arm in self._planned}
        times = measured or (planned if len(planned) == len(arms) else None)
        if not times:
            return None
        together, start = among or times, start_seconds(self._own) or usual_start(parameters.engine())
        lanes = self._side_by_side or max(1, len(progress.under_way))
        look = self._look(progress, times, together, start, lanes)
        more = 0.0
        for place, (before, seeds) in enumerate(pairwise(progress.looks[progress.place :]), progress.place + 2):
            lacking = dict.fromkeys(self._without_records(arms, f"look{place}"), seeds - before)
            shared = self._jobs(f"look{place}", lacking, together, start)
            more += BETWEEN_LOOKS + _taking(arms_of(shared), lanes)
            more += makespan([seconds_of_jobs(shared, lacking, times, start, lanes)], lanes)
        closing = CLOSING + AROUND_EACH_ARM * len({*arms, *(run.arm for run in self._own)})
        return Left(look + closing, look + more + closing, is_planned=measured is None)

    def _read(self) -> None:
        runs = self._results / RUNS_FOLDER
        there = [*records_below(runs), *filter(is_record, finished_seeds(runs))]  # a job moves its records when it ends
        for path in there:
            if path not in self._read_already:
                self._read_already[path] = next(runs_in([path]), None)
        self._own = [run for path in there if (run := self._read_already[path])]

    def _times(self, arms: Iterable[str], are_batched: bool) -> dict[str, RunSeconds] | None:
        """What a run of each arm takes, by those that were trained among others or by themselves; None where there are none."""
        beside, own = ([run for run in some if bool(run.batched) == are_batched] for some in (self._beside, self._own))
        if not beside and not own:
            return None
        groups, usual = {**by_recipe(beside), **by_recipe(own)}, _usual([*beside, *own])
        return {arm: self._time_of(arm, own, groups) or usual for arm in arms}

    def _time_of(self, arm: str, own: list[KnownRun], groups: dict[str, list[KnownRun]]) -> RunSeconds | None:
        if arm in self._recipes:
            recipe, steps = self._recipes[arm]
            return run_seconds(dict(recipe), groups, steps)
        of_arm = [run for run in own if run.arm == arm]
        return _usual(of_arm) if of_arm else None

    def _first(self, progress: StudyProgress) -> RunSeconds | None:
        """By the epochs of the first runs, before any of them has ended."""
        shares = [
            (time.time() - job.since) / job.share for job in progress.under_way if job.since and job.share > LEAST_SHARE
        ]
        return RunSeconds(0.0, median(shares), "its epochs so far") if shares else None

    def _look(
        self,
        progress: StudyProgress,
        times: Mapping[str, RunSeconds],
        together: Mapping[str, RunSeconds],
        start: float,
        lanes: int,
    ) -> float:
        """The seconds that the look needs which trains now: of jobs that train arms together first, which others wait for."""
        look = f"look{progress.place + 1}"
        waiting = self._without_records([job.arm for job in progress.jobs], look)
        open_jobs = [job for job in progress.jobs if job.arm in waiting]
        by_themselves = {job.arm for job in open_jobs if job.since is not None}
        lacking = {job.arm: job.seeds - job.done for job in open_jobs}
        ended = self._ended_together(lacking)
        every = self._jobs(look, lacking, together, start, ended)
        shared = [
            job for job in every if not by_themselves & set(job.arms)
        ]  # others failed, and left them to themselves
        known = arms_of(shared)
        seconds = [
            max(0.0, job.seconds - min((time.time() - ended[arm] for arm in job.arms if arm in ended), default=0.0))
            for job in shared
            if job.runs
        ]
        seconds += _alone([job for job in progress.jobs if job.arm not in known], times, start)
        return makespan([seconds], lanes) + _taking(known, lanes)

    def _without_records(self, arms: Iterable[str], look: str) -> list[str]:
        """The arms whose records of a look are not in their place, or are to be made anew."""
        awaited, places = awaited_anew(self._results), {arm: RUNS.format(arm=arm, look=look) for arm in arms}
        return [arm for arm, place in places.items() if (at := self._results / place) in awaited or not at.is_dir()]

    def _jobs(
        self,
        look: str,
        lacking: Mapping[str, int],
        times: Mapping[str, RunSeconds],
        start: float,
        begun: Collection[str] = (),
    ) -> list[SharedJob]:
        """The jobs that train arms of a look together."""
        if self._shared:
            return self._shared.of(look, lacking, times, start, begun)
        if not lacking or not any(run.batched for run in self._own):
            return []
        once = 0.0 if begun else start + PROCESS + max(times[arm].once for arm in lacking)
        return [SharedJob(look, list(lacking), *runs_of(lacking, times), once)]

    def _ended_together(self, arms: Collection[str]) -> dict[str, float]:
        """By arm, when its last run has ended that this start has trained among others, for those whose jobs wait for them."""
        try:
            since = (self._results / RESULTS_LOCK).stat().st_mtime
        except OSError:
            since = 0.0
        ended: dict[str, float] = {}
        for run in self._own:
            if run.batched and run.arm in arms and run.ended > since:
                ended[run.arm] = max(run.ended, ended.get(run.arm, 0.0))
        return ended


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
        planned = planned_seconds(study.results, mark_of(plan, settings["threads"]))
        return TimeLeft(study.results, recipes, beside, side_by_side(settings, cores), SharedJobs(study), planned)

    return make


def _usual(runs: Iterable[KnownRun]) -> RunSeconds:
    runs = list(runs)
    once = max(0.0, median(run.once for run in runs) - once_more(runs))
    return RunSeconds(once, usual_each(runs), "the runs so far")


def _alone(jobs: Iterable[JobProgress], times: Mapping[str, RunSeconds], start: float) -> list[float]:
    """The seconds of the jobs that have not ended, of those first that train: they are on their way already."""
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
    return seconds


def _taking(arms: Collection[str], lanes: int) -> float:
    """The seconds in which the jobs of arms take what was trained together."""
    return TAKING * len(arms) / lanes
