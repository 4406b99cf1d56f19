"""Which trainings of a look one job trains together: those on one data set whose recipes share a program, but for folds, of which
each seed has other data. Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from butfor.arm_names import data_set_of
from butfor.recipe.cohorts import cohorts
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


def joint_trainings(trainings: Iterable[Training], targets: Targets) -> list[list[Training]]:
    """The trainings of a look by the job that trains them together. trainings: of what is lacking, see parameters.training."""
    by_data = dict[str, list[Training]]()
    for training in trainings:
        data_set = data_set_of(training["arm"])
        if not targets.data.made[data_set].get("folds"):
            by_data.setdefault(data_set, []).append(training)
    return [
        [some[place] for place in cohort.runs]
        for some in by_data.values()
        for cohort in cohorts([(training["recipe"], 0) for training in some])
    ]
