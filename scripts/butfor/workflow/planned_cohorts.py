"""The cohorts of a start: what its looks lack, by the programs that train it together before the jobs of its arms.

A cohort is known by what it is to train, so that it is another where an arm is added or changed, and the same where it was
killed. Where records are there, its receipt is an input in name only, as far as Snakemake has noted it: none follows from how it
was trained. Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.fingerprint import fingerprint
from butfor.records.provenance import gpus
from butfor.records.results_folder import COHORT, COHORTS, RUNS
from butfor.study.plan import Plan
from butfor.workflow import inheritance, parameters
from butfor.workflow.joint_trainings import JointTrainings, Training, are_possible, joint_trainings
from butfor.workflow.lacking_trainings import asked_folders, folder_of, lacking_trainings
from butfor.workflow.targets import Targets


class PlannedCohorts:
    """Those of a planned study.

    settings: the study's, completed. asked: gives the files that Snakemake is asked for by their paths; where folders of records
    are among them, arms train by themselves. devices: among which each look is divided; 1 for a cluster, whose jobs plan anew
    what they are to do, and see other GPUs than the head node. are_possible: whether any training may have a cohort at all.
    are_known: whether any may have had one.
    """

    def __init__(
        self, settings: dict[str, Any], plan: Plan, targets: Targets, asked: Callable[[], Sequence[Any]], devices: int
    ) -> None:
        self._plan, self._targets, self._asked = plan, targets, asked
        self._results = Path(settings["results"])
        self._of_look: dict[str, dict[str, JointTrainings]] = {}
        self._devices = devices
        self._marks: dict[str, dict[str, str]] = {}
        self.are_known = parameters.engine() == parameters.JAX
        self.are_possible = are_possible(settings, targets)

    def awaited(self, arm: str, look: str) -> list[Any]:
        """What the arm's job waits for, as Snakemake's input; nothing where it trains alone. Where its records are there, what it
        waited for when it made them is a file that no job makes."""
        from snakemake.io import ancient
        from snakemake.ioflags import before_update

        noted = self._noted(arm, look)
        return [before_update(path) for path in noted] or [ancient(path) for path in self.receipts(arm, look)]

    def gpus_after(self, awaited: Sequence[str]) -> int:
        """The GPUs that an arm's job asks for. One that others have trained with needs none, so that these jobs do not wait for
        each other; where it has to train after all, it takes a share as soon as one is free."""
        return 0 if awaited else min(1, gpus())

    def receipts(self, arm: str, look: str) -> list[str]:
        """The receipt of what is to be trained before the arm's job."""
        if not self.are_possible or self._are_asked_for():
            return []
        mark = self._mark_of(look).get(arm)
        return [f"{self._results}/{COHORT.format(look=look, cohort=mark)}"] if mark else []

    def _noted(self, arm: str, look: str) -> list[str]:
        """What Snakemake has noted that the arm's job waited for, as far as that is there, if the records that it made are."""
        runs = self._results / RUNS.format(arm=arm, look=look)
        if not inheritance.is_in_place(self._results, self._targets.training(arm, look), look):
            return []
        return list(filter(os.path.exists, inheritance.noted_inputs(runs, self._results / COHORTS)))

    def trainings(self, look: str, cohort: str) -> list[Training]:
        """What a cohort trains, see parameters.training."""
        return self._of(look)[cohort].trainings

    def program(self, look: str, cohort: str) -> dict[str, Any]:
        """What its job is told of the program that trains it."""
        return self._of(look)[cohort].program

    def first(self, look: str, cohort: str) -> str:
        """The name of one of its arms, which all are trained on one data set."""
        return str(self.trainings(look, cohort)[0]["arm"])

    def folders(self, look: str, cohort: str) -> list[str]:
        """The folders of records of its trainings."""
        return [folder_of(self._results, training["arm"], look) for training in self.trainings(look, cohort)]

    def announcement(self, look: str, cohort: str) -> str:
        """What its job says of itself."""
        trainings = self.trainings(look, cohort)
        runs = sum(len(training["seeds"]) for training in trainings)
        arms = f"{len(trainings)} arms" if len(trainings) > 1 else self.first(look, cohort)
        return f"Train {runs} runs of {arms} together, {look}"

    def announced_after(self, awaited: Sequence[str] | None, announcement: str) -> str:
        """What an arm's job says of itself, which need not train what others have trained with it."""
        return f"{announcement}, as far as it was not trained together" if awaited else announcement

    def _of(self, look: str) -> dict[str, JointTrainings]:
        """The cohorts of what a look lacks, worked out once: what a start trains changes none of them."""
        if look not in self._of_look:
            self._of_look[look] = {
                fingerprint([self._targets.data.made_of[data_set_of(some[0]["arm"])], some]): joint
                for joint in self._joint(look)
                if (some := joint.trainings)
            }
        return self._of_look[look]

    def _mark_of(self, look: str) -> dict[str, str]:
        """By arm, its cohort."""
        if look not in self._marks:
            self._marks[look] = {t["arm"]: mark for mark, joint in self._of(look).items() for t in joint.trainings}
        return self._marks[look]

    def _joint(self, look: str) -> list[JointTrainings]:
        return joint_trainings(lacking_trainings(self._targets, self._results, look), self._targets, self._devices)

    def _are_asked_for(self) -> bool:
        return bool(asked_folders(self._results, self._asked() or ()))
