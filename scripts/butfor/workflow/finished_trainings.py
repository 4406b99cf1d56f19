"""The trainings of a very large study that are over: their folders of records are as asked for, so that Snakemake is told of them
as of files that no job makes. Its look at the job of each took most of a start with nothing to do. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from butfor.records.results_folder import RUNS, arms_with_folders
from butfor.workflow import inheritance
from butfor.workflow.awaited_data import AwaitedData

TRAIN = "train"  # the rule
MANY = 300  # arms, from which on it is worth it


class FinishedTrainings:
    """Those in a results folder; arms: of the study."""

    def __init__(self, results: str, arms: int) -> None:
        self._results, self._are_many = results, arms >= MANY
        self._known: set[str] = set()

    def folders(self, plan: Iterable[tuple[str, dict[str, Any]]], is_forced: Callable[[Path], bool]) -> set[str]:
        """Their folders of records, by what there is now; none in a study of few arms. plan: each look with the training of an
        arm. is_forced: whether a folder is to be made whatever there is."""
        if not self._are_many:
            return set()
        arms = arms_with_folders(Path(self._results))  # one listing, in place of a look for each arm
        for look, training in plan:
            if training["arm"] not in arms:
                continue
            path = f"{self._results}/{RUNS.format(arm=training['arm'], look=look)}"
            if path not in self._known and inheritance.is_in_place(Path(self._results), training, look):
                self._known.add(path)
        return {path for path in self._known if not is_forced(Path(path))}


def trained(workflow: Any, targets: Any, awaited: AwaitedData, look: str | None) -> list[str]:
    """The folders of records up to a look, or all, as a rule's input. Where arrays are to be made again from other things, this
    waits for them: whether records follow from them is known only then. workflow: Snakemake's. targets: see Targets."""
    workflow.dag.forcefiles.update(targets.forced)
    stale = targets.data.names if awaited.is_forced else targets.data.stale
    if stale and targets.is_trained:
        workflow.dag.forcefiles.update(targets.data.missing)  # which no file that is there asks for by itself
        awaited.lift_ends()
        awaited.await_each(stale)
    awaited.restore_ends()
    folders: list[str] = targets.trained(until=look)
    return _with_finished(workflow, targets, folders)


def _with_finished(workflow: Any, targets: Any, folders: list[str]) -> list[str]:
    """The folders, those of finished trainings as files that no job makes; all as they are where Snakemake is asked for something
    else than to run jobs."""
    if not workflow.execution_settings or workflow.touch:
        return folders
    finished = targets.finished(partial(is_forced, workflow))
    if not finished:
        return folders
    from snakemake.ioflags import before_update

    return [before_update(path) if path in finished else path for path in folders]


def is_forced(workflow: Any, runs: Path | str) -> bool:
    """Whether the user has asked for the training of a folder of records, whatever there is. workflow: Snakemake's."""
    dag = workflow.dag
    return any(rule.name == TRAIN for rule in dag.forcerules) or str(runs) in dag.forcefiles
