"""Which trainings of a look one job trains together: those on one data set whose recipes share a program, but for folds and
whole groups, of which each seed has other data or parts of other sizes, and for recipes that watch a metric, which is computed
of a run's predictions after each epoch, outside the program; where there are several GPUs, as many parts of them.
Standard library only, because every job of a cluster run parses it.

A part has whole arms, so that an arm's job waits for one of them, and no more of them than is one device's share of the look. The
parts of a program have the same lanes and the same switches, so that runs of two parts are trained alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from butfor.arm_names import data_set_of
from butfor.recipe.cohorts import cohorts
from butfor.recipe.given_numbers import switches_of
from butfor.recipe.watched_figures import metrics_watched
from butfor.records.provenance import gpus
from butfor.workflow import parameters
from butfor.workflow.targets import Targets

Training = dict[str, Any]
ALWAYS, NEVER = "always", "never"


def are_possible(settings: dict[str, Any], targets: Targets) -> bool:
    """Whether trainings of a study may be one job. Where models are kept or trainings have a time limit, each is by itself."""
    return are_wanted(settings) and not targets.models() and settings["max_minutes"] is None


def are_wanted(settings: dict[str, Any]) -> bool:
    """Whether arms are to be trained together: by the engine that can, where there are GPUs, which many runs at once do not keep
    busier than one does; on a CPU they take as long as one after another. A study may say so for machines that are not seen."""
    wanted = settings["job"]["cohorts"]
    return parameters.engine() == parameters.JAX and (wanted == ALWAYS or (wanted != NEVER and gpus() > 0))


@dataclass(frozen=True)
class JointTrainings:
    """The trainings of one job. switches: the parts of recipes that its program has, sorted. lanes: how many runs it is made for:
    those of the largest job of the program."""

    trainings: list[Training]
    switches: list[str]
    lanes: int

    @property
    def program(self) -> dict[str, Any]:
        """What the job is told of its program, as plain values."""
        return {"switches": self.switches, "lanes": self.lanes}


def devices_of(settings: dict[str, Any]) -> int:
    """How many jobs may train side by side on the GPUs of this machine; 1 where it has none, as a cluster's are not known."""
    return max(1, gpus() * int(settings["job"]["gpu_share"]))


def threads_of(settings: dict[str, Any], cores: int | None) -> int:
    """The threads of a job that trains arms together: on a GPU those that its share of the cores leaves it, by which records are
    made while it trains on. cores: of a start on this machine; None on a cluster."""
    threads = int(settings["threads"])
    return max(threads, cores // devices_of(settings)) if cores and gpus() else threads


def joint_trainings(trainings: Iterable[Training], targets: Targets, devices: int = 1) -> list[JointTrainings]:
    """The jobs that train some trainings of a look together. trainings: of what is lacking, see parameters.training. devices:
    that are to train it."""
    by_data = dict[str, list[Training]]()
    for training in trainings:
        data_set = data_set_of(training["arm"])
        if not metrics_watched(training["recipe"]) and not _parts_differ(targets.data.made[data_set]):
            by_data.setdefault(data_set, []).append(training)
    most = -(-sum(map(len, by_data.values())) // devices)
    return [
        joint
        for some in by_data.values()
        for cohort in cohorts([(training["recipe"], 0) for training in some])
        for joint in _parts([some[place] for place in cohort.runs], sorted(cohort.switches), most)
    ]


def _parts_differ(made: Mapping[str, Any]) -> bool:
    """Whether seeds have parts of their own or of other sizes: of folds, and where whole groups are validated on. made: what the
    data set is made from."""
    test = made.get("read_as", {}).get("test") or {}
    return bool(made.get("folds") or test.get("by") == "group")


def _parts(trainings: list[Training], switches: list[str], most: int) -> list[JointTrainings]:
    """The trainings of a program in parts of nearly the same size, at most of so many. Those with the same switches come
    together, since each of these has programs of its own to be compiled for its records."""
    count = -(-len(trainings) // most)
    if count > 1:
        trainings = sorted(trainings, key=lambda training: sorted(switches_of(training["recipe"])))
    edges = [place * len(trainings) // count for place in range(count + 1)]
    parts = [trainings[begin:end] for begin, end in pairwise(edges)]
    lanes = max(sum(len(training["seeds"]) for training in part) for part in parts)
    return [JointTrainings(part, switches, lanes) for part in parts]
