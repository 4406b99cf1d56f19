"""The trainings that a look lacks: those of arms that train in it whose records are not there as they are asked for. Standard
library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from butfor.records.results_folder import RUNS, RUNS_FOLDER
from butfor.workflow import inheritance
from butfor.workflow.targets import Targets

Training = dict[str, Any]


def lacking_trainings(targets: Targets, results: Path, look: str) -> list[Training]:
    """Those of a look, see parameters.training."""
    asked = set(targets.trained(until=look))
    of_look = (t for name, t in targets.planned() if name == look and folder_of(results, t["arm"], look) in asked)
    return [training for training in of_look if not inheritance.is_in_place(results, training, look)]


def folder_of(results: Path, arm: str, look: str) -> str:
    """The folder of records of a training, as Snakemake is asked for it."""
    return f"{results}/{RUNS.format(arm=arm, look=look)}"


def asked_folders(results: Path, asked: Iterable[Any]) -> set[str]:
    """The folders of records that Snakemake is asked for by their paths; asked: its targets."""
    runs = results / RUNS_FOLDER
    return {str(target).rstrip("/") for target in asked if runs in Path(str(target)).parents}
