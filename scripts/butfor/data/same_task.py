"""The tasks of several data sets of a study: those that the same metrics can measure."""

from __future__ import annotations

import json
from pathlib import Path

from butfor.data.dataset import DataError
from butfor.recipe.tasks import TASKS, task_of
from butfor.records.results_folder import DATA_FILES_READ
from butfor.user_code.files_read import made_of

Beside = dict[
    str, tuple[str, str]
]  # the other data sets by name: the manifest, and what it is made of where it is as asked for


def check_same_task(task: str, named: str, beside: Beside) -> None:
    """Raise DataError if a data set that is stored beside this one has a task that is measured by something else."""
    own = TASKS[task]
    for name, (manifest, expected) in beside.items():
        if made_of(Path(manifest).with_name(DATA_FILES_READ)) != expected or not Path(manifest).exists():
            continue  # not read yet, or to be read again: then it will find this one
        other = task_of(json.loads(Path(manifest).read_text()))
        if other.figure != own.figure:
            raise DataError(
                f"{named}: expected data sets of one study to be measured by the same, received the task {own.name}"
                f" ({own.figure or 'its own loss'}) beside {name}'s {other.name} ({other.figure or 'its own loss'})."
                " Make them two studies; or, if the targets only look so, write the task in the study file, as in"
                " task: classification."
            )
