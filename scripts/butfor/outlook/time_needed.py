"""The time that a study needs: seconds per run of each arm, and from start to report on so many cores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from butfor.data.catalogue import TEST_IMAGES, TRAIN_IMAGES
from butfor.fingerprint import canonical
from butfor.outlook import routes
from butfor.outlook.alike_arms import steps_per_epoch
from butfor.outlook.cached_runs import Cached
from butfor.outlook.job_start import usual_start
from butfor.outlook.known_runs import KnownRun, own_runs, runs_beside
from butfor.outlook.makespan import around, makespan
from butfor.outlook.planned_study import PlannedStudy, examples_of
from butfor.outlook.probes import Probes
from butfor.outlook.run_seconds import RunSeconds, by_recipe, mean_memory, run_seconds, start_seconds, were_slowed
from butfor.outlook.shared_jobs import TAKING, SharedJob, SharedJobs, arms_of, seconds_of_jobs
from butfor.records.provenance import gpus
from butfor.study.arm import is_baseline
from butfor.workflow import origins, parameters


@dataclass(frozen=True)
class Span:
    """What some trainings come to: their runs, those that must be trained, and the seconds from start to report."""

    runs: int
    to_train: int
    seconds: float


@dataclass(frozen=True)
class TimeNeeded:
    """start: the seconds that a job has before its first step. side_by_side: jobs at a time. least, most: if every ablation is
    settled at the first look that may settle it, and if none ever is. memory: of one training, in MB; None if unknown. test: the
    test examples of a run, task: that of its data; None if unknown. shared: the jobs of the next look that train arms together;
    shared_is_known: whether records tell what their runs take, and not only what one after another would. were_slowed: whether
    the runs that tell the times may have been slowed by what else was at work."""

    arms: dict[str, RunSeconds]
    start: float
    side_by_side: int
    least: Span
    most: Span
    memory: float | None
    test: int | None = None
    task: str | None = None
    shared: tuple[SharedJob, ...] = ()
    shared_is_known: bool = False
    were_slowed: bool = False


def time_needed(
    study: PlannedStudy, cached: Cached, decided: Mapping[str, list[str]], cores: int, probes: Probes | None
) -> tuple[TimeNeeded | None, str]:
    """The time that a study needs; or None, and why it is not known. decided: the arms that train after the looks that were had.
    probes: what tries some steps where no record tells how long runs take; None where none may be tried."""
    known = known_runs(study)
    start, why = start_seconds(known), "no record tells it"
    if probes and (new := _models_unknown(study, known)):
        probe = probes.steps(new)
        if probe.run is None:  # which is what a start would come to: no time is told by runs of another model
            return None, probe.why
        known, start = [*known, probe.run], start or probe.start
    alone, among = [run for run in known if not run.batched], [run for run in known if run.batched]
    times, together = (_times(study, some) for some in (alone or among, among or alone))
    if len(times) < len(study.plan.arms) or len(together) < len(times):
        return None, why
    start = start or usual_start(parameters.engine())
    jobs = LookJobs(study, cached, times, together, start)
    at_once = side_by_side(study.settings, cores)
    ways = (
        routes.least(study.plan, decided.get),
        routes.most(study.plan, decided.get, study.settings["budget"]["max_runs"]),
    )
    least, most = (jobs.span(way, at_once) for way in ways)
    shared = tuple(jobs.shared_next(ways[1]))
    seconds = {**times, **{arm: together[arm] for job in shared for arm in job.arms}}
    told = mean_memory(known), _test(known), _task(known)
    return TimeNeeded(seconds, start, at_once, least, most, *told, shared, bool(among), were_slowed(known)), ""


def side_by_side(settings: Mapping[str, Any], cores: int) -> int:
    """How many trainings of a study with these settings run at a time on so many cores."""
    return max(1, min(cores // int(settings["threads"]), gpus() * int(settings["job"]["gpu_share"]) or cores))


class LookJobs:
    """The jobs of each look. cached: the seeds that need no training. times: of arms that train by themselves; together: of those
    that do among others. start: see TimeNeeded."""

    def __init__(
        self,
        study: PlannedStudy,
        cached: Cached,
        times: Mapping[str, RunSeconds],
        together: Mapping[str, RunSeconds],
        start: float,
    ) -> None:
        self._seeds = {look.name: len(look.seeds) for look in study.plan.looks}
        self._cached, self._times, self._together, self._start = cached, times, together, start
        self._shared = SharedJobs(study)

    def span(self, trainings: routes.Trainings, side_by_side: int) -> Span:
        """What some trainings come to, so many jobs at a time."""
        lacking, jobs, taking = self._lacking(trainings), list[list[float]](), 0.0
        for look, of_look in lacking.items():
            shared = self._shared.of(look, of_look, self._together, self._start)
            jobs.append(seconds_of_jobs(shared, of_look, self._times, self._start, side_by_side))
            taking += TAKING * len(arms_of(shared)) / side_by_side
        runs = sum(self._seeds[look] for _, look in trainings)
        to_train = sum(sum(of_look.values()) for of_look in lacking.values())
        seconds = (
            makespan(jobs, side_by_side) + taking + around(len({arm for arm, _ in trainings})) if to_train else 0.0
        )
        return Span(runs, to_train, seconds)

    def shared_next(self, trainings: routes.Trainings) -> list[SharedJob]:
        """The jobs that train arms together in the first look that lacks runs."""
        of_next = next(((look, of) for look, of in self._lacking(trainings).items() if of), None)
        return self._shared.of(*of_next, self._together, self._start) if of_next else []

    def _lacking(self, trainings: routes.Trainings) -> dict[str, dict[str, int]]:
        """By look and arm, how many runs are to be trained."""
        lacking: dict[str, dict[str, int]] = {look: {} for look in self._seeds}
        for arm, look in trainings:
            if missing := self._seeds[look] - len(self._cached.get((arm, look), [])):
                lacking[look][arm] = missing
        return lacking


def test_examples(study: PlannedStudy, time: TimeNeeded | None) -> int | None:
    """How many examples a run is tested on: by the runs that are known, else by the stored data; None where neither tells."""
    if time and time.test:
        return time.test
    first = next(iter(study.data))
    shapes = origins.manifest(study.results, first).get("shapes", {})
    if "y_test" in shapes and not study.settings["replicates"] and first not in study.targets.data.stale:
        return int(shapes["y_test"][0])
    return TEST_IMAGES.get(study.data[first]["name"])


def _task(known: Sequence[KnownRun]) -> str | None:
    """That of the run that was told of last, such as by a probe of this very study."""
    return next((str(run.data["task"]) for run in reversed(known) if run.data.get("task")), None)


def _test(known: Sequence[KnownRun]) -> int | None:
    return min((int(run.data["test"]) for run in known if run.data.get("test")), default=None)


def known_runs(study: PlannedStudy) -> list[KnownRun]:
    """The runs of this study, and those of others on the same data, that were trained as this one would be."""
    known = own_runs(study.results)
    for data_set, data in study.data.items():
        fingerprint = origins.data_fingerprint(study.results, data_set)
        beside = runs_beside(study.results)
        known += [run for run in beside if _is_same_data(run, data["name"], fingerprint)]
    return [run for run in known if _trains_alike(run, study.settings["threads"])]


def _is_same_data(run: KnownRun, name: str, fingerprint: str) -> bool:
    """Whether a run is on the data of that fingerprint; where that is not known yet, published data are told by their name."""
    if fingerprint:
        return bool(run.data.get("fingerprint") == fingerprint)
    return name in TRAIN_IMAGES and run.data.get("name") == name


def _trains_alike(run: KnownRun, threads: int) -> bool:
    """Whether a run was trained by the engine and on the kind of device that would train now."""
    on_cpu = run.device.startswith("CPU")
    same_device = not gpus() and f" {threads} thread" in run.device if on_cpu else gpus() > 0
    return run.engine == parameters.engine() and same_device


def _models_unknown(study: PlannedStudy, known: Sequence[KnownRun]) -> str:
    """The first baseline of whose model no run is known; empty if there is none."""
    models = [run.recipe["model"] for run in known if run.usable]
    baselines = [arm for arm in study.plan.arms.values() if is_baseline(arm.name)]
    return next((arm.name for arm in baselines if canonical(arm.recipe)["model"] not in models), "")


def _times(study: PlannedStudy, known: Sequence[KnownRun]) -> dict[str, RunSeconds]:
    """What a run of each arm takes, of those that some run tells of."""
    groups, times = by_recipe(known), dict[str, RunSeconds]()
    for name, arm in study.plan.arms.items():
        steps = steps_per_epoch(arm.recipe, examples_of(study, arm.data_set), study.plan.validation[arm.data_set])
        if seconds := run_seconds(arm.recipe, groups, steps):
            times[name] = seconds
    return times
