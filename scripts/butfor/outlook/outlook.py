"""The outlook of a study: what it will take and what it can show, before anything trains.

Nothing is trained but the steps of a probe, where no record tells how long runs take, and nothing is written.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from butfor.languages.phrases import ENGLISH, language_of
from butfor.outlook.alike_arms import alike_arms
from butfor.outlook.cached_runs import Cached, cached_runs
from butfor.outlook.decided_looks import analysed, decided_looks
from butfor.outlook.design_power import DesignPower, design_power
from butfor.outlook.planned_seconds import mark_of
from butfor.outlook.planned_study import BASE, PlannedStudy, examples_of, planned_study, read_config
from butfor.outlook.probes import Probes
from butfor.outlook.time_needed import TimeNeeded, test_examples, time_needed
from butfor.outlook.trial_builds import TrialBuilds
from butfor.outlook.untouched_parts import lines_to_add, untouched_parts
from butfor.recipe.tasks import TASKS
from butfor.records.provenance import gpus, visible_gpus
from butfor.report.fold_words import replicate
from butfor.study.changed_losses import decides, may_change_loss
from butfor.study.schema import load_schema, parts
from butfor.study.watched_losses import WatchedLoss, WatchedMetric, titles_in, watched_losses, watched_metrics
from butfor.user_code import declaration
from butfor.workflow import origins


@dataclass(frozen=True)
class Outlook:
    """What a study will take and can show.

    arms: each with its reference. looks: by name, the seeds that each adds. cached: by arm and look, the seeds that need no
    training. load: of the machine in the last minute, to compare with machine_cores. time: None where nothing tells it, as
    `why_no_time` says. unusable_gpus: of this machine, for which the installed libraries have no code. memory: of one training,
    in MB: measured, or what a cluster would be asked for. alike: groups of arms that would train the same runs. untouched:
    parts of the recipe that no arm touches, with what takes each out. unclaimed: ablations that no claim is about, where there
    are claims. watched: arms that watch another loss than trains them; metrics_watched: those that watch a
    metric, of which `titles` has what the study calls them. noun: what
    runs are counted in. own_losses: by arm, changed settings of which the model's own loss may be made, and own_loss_decides
    whether verdicts are asked of that. has_font: whether this machine can write figures in the study's language. unbuildable: by
    arm, why its model or loss cannot be built. not_built: the arms of which that was not tried, since the plan is to be had soon.
    mark: see planned_seconds.
    """

    study: str
    results: str
    arms: dict[str, str | None]
    looks: dict[str, list[int]]
    cached: Cached
    cores: int
    threads: int
    load: float
    machine_cores: int
    gpus: int
    unusable_gpus: int
    memory: float
    memory_is_measured: bool
    time: TimeNeeded | None
    why_no_time: str
    power: DesignPower | None
    alike: list[list[str]]
    untouched: dict[str, Any]
    claims: int
    unclaimed: list[str]
    watched: list[WatchedLoss] = field(default_factory=list)
    noun: str = "seed"
    own_losses: dict[str, list[str]] = field(default_factory=dict)
    own_loss_decides: bool = True
    metrics_watched: list[WatchedMetric] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    has_font: bool = True
    unbuildable: dict[str, str] = field(default_factory=dict)
    not_built: list[str] = field(default_factory=list)
    mark: str = ""

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values, with the lines that ask about the untouched parts."""
        cached = [{"arm": arm, "look": look, "seeds": seeds} for (arm, look), seeds in self.cached.items() if seeds]
        return {**asdict(self), "cached": cached, "lines_to_add": lines_to_add(self.untouched)}


def from_file(file: Path | str, cores: int, probe: bool = True) -> Outlook:
    """The outlook of the study in a file, on so many cores. Raises StudyError."""
    return outlook(planned_study(read_config(Path(file)), [file]), cores, probe)


def outlook(study: PlannedStudy, cores: int, probe: bool = True) -> Outlook:
    """The outlook of a study on so many cores. probe: whether some steps may be trained where no record tells how long runs
    take."""
    settings, plan = study.settings, study.plan
    load = os.getloadavg()[0]  # before a probe adds to it
    cached = cached_runs(study.results, study.targets.planned())
    decided, records = decided_looks(study, cached)
    probes = Probes(study, cached) if probe else None
    time, why = time_needed(study, cached, decided, cores, probes)
    builds = probes.builds() if probes else TrialBuilds()
    claimed = {claim["arm"] for claim in settings["claims"].values()}
    first = next(iter(plan.arms.values()))
    off = {**parts(load_schema(BASE / "config" / "schema.yaml")), **declaration.parts(first.recipe["model"])}
    memory = time.memory if time else None
    return Outlook(
        study=settings["study"],
        results=settings["results"],
        arms={arm.name: arm.reference for arm in plan.arms.values()},
        looks={look.name: list(look.seeds) for look in plan.looks},
        cached=cached,
        cores=cores,
        threads=settings["threads"],
        load=load,
        machine_cores=os.cpu_count() or 1,
        gpus=gpus(),
        unusable_gpus=0 if gpus() else len(visible_gpus()),
        memory=memory or settings["job"]["mem_mb"],
        memory_is_measured=memory is not None,
        time=time,
        why_no_time=why,
        unbuildable=builds.refused,
        not_built=builds.untried,
        power=design_power(study, records, test_examples(study, time), time.task if time else None),
        alike=alike_arms(plan, {name: examples_of(study, name) for name in settings["data_sets"]}),
        untouched=untouched_parts(plan.arms.values(), off),
        claims=len(settings["claims"]),
        unclaimed=[arm.name for arm in plan.ablations if arm.name not in claimed] if claimed else [],
        watched=_watched(study),
        noun=replicate(settings),
        own_losses=may_change_loss(analysed(study)),
        own_loss_decides=decides(analysed(study)),
        metrics_watched=watched_metrics(plan.recipes),
        titles=titles_in(settings),
        has_font=_has_font(language_of(settings)),
        mark=mark_of(plan, settings["threads"]),
    )


def _watched(study: PlannedStudy) -> list[WatchedLoss]:
    """Those of each data set's arms; its arrays tell the task, where they are there and as they are to be."""
    losses = []
    for name in study.settings["data_sets"]:
        about = {} if name in study.targets.data.stale else origins.manifest(study.results, name)
        task = study.settings["task"] if study.settings["task"] in TASKS else about.get("task")
        numbers = prod(about.get("shapes", {}).get("y_train", [1])[1:])
        recipes = {arm.name: arm.recipe for arm in study.plan.arms.values() if arm.data_set == name}
        losses += watched_losses(recipes, task, numbers)
    return losses


def _has_font(language: str) -> bool:
    """Whether figures can be in a language. English asks for nothing, so that its plan need not wait for matplotlib."""
    if language == ENGLISH:
        return True
    from butfor.figures import letters

    return letters.has_font(language)
