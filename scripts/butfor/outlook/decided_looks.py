"""What the looks that a study has had have decided, judged as the study judges them; and the records that tell it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from butfor.fingerprint import canonical
from butfor.outlook.cached_runs import Cached
from butfor.outlook.planned_study import PlannedStudy
from butfor.records import files
from butfor.records.record import Record
from butfor.records.results_folder import MEASURES, REGISTER, RUNS, records_of
from butfor.records.tables import records_in
from butfor.study.plan import Look
from butfor.study.summary import Study
from butfor.verdicts.next_look import after
from butfor.verdicts.removed import with_removed
from butfor.workflow import origins, parameters


def decided_looks(study: PlannedStudy, cached: Cached) -> tuple[dict[str, list[str]], list[Record]]:
    """The arms that train after each look whose runs are all there, by look; and the records of all looks that were had."""
    decided: dict[str, list[str]] = {}
    arms, folders, measures = list(study.plan.arms), list[Path](), list[Path]()
    records: list[Record] = []
    for look in study.plan.looks:
        there = _folders(study, look, arms)
        folders, measures = [*folders, *there], [*measures, study.results / MEASURES.format(look=look.name)]
        records = records_in(folders, [file for file in measures if file.is_file()])
        complete = all(len(cached[arm, look.name]) == len(look.seeds) for arm in arms)
        if look is study.plan.looks[-1] or not complete or len(there) < len(arms):
            break
        arms = decided[look.name] = after(analysed(study), look.name, records)["next"]
        if not arms:
            break
    return decided, records


def analysed(study: PlannedStudy) -> Study:
    """The study as the stages after training are given it, with the task of its data where they are stored, and with what was
    removed from it."""
    asked = parameters.analysis(study.settings, study.plan)
    task = origins.manifest(study.results, next(iter(study.data))).get("task") or study.settings["task"]
    known = asked if task == "auto" else cast(Study, {**asked, "task": task})
    register = study.results / REGISTER
    return with_removed(known, register if register.is_file() else None)


def _folders(study: PlannedStudy, look: Look, arms: list[str]) -> list[Path]:
    """The folders of records of a look that are made by the study's own recipes."""
    folders = [study.results / RUNS.format(arm=arm, look=look.name) for arm in arms]
    return [folder for folder, arm in zip(folders, arms, strict=True) if _is_own(folder, study, arm)]


def _is_own(folder: Path, study: PlannedStudy, arm: str) -> bool:
    """Whether the records of a folder are whole, and made by an arm's recipe."""
    paths = records_of(folder)
    if not all(files.is_sealed(path.read_bytes()) for path in paths):
        return False
    recipe = json.loads(paths[0].read_bytes())["recipe"] if paths else None
    return bool(recipe == canonical(study.plan.arms[arm].recipe))
