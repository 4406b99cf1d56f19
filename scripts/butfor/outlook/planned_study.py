"""A study as a start would see it, without one: its settings, its plan, and the files that Snakemake would ask for."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from butfor.data.catalogue import TRAIN_IMAGES
from butfor.errors import StudyError
from butfor.process.start_settings import StartSettings, announce
from butfor.study.composed_yaml import composed
from butfor.study.duplicate_keys import refuse_duplicate_keys
from butfor.study.misread_numbers import refuse_misread_numbers
from butfor.study.plan import Plan
from butfor.study.schema import SAFE
from butfor.study.settings import study_and_plan
from butfor.study.unreadable_yaml import refuse_unreadable_yaml
from butfor.study.watched_metrics import to_be_fit
from butfor.workflow import origins, parameters
from butfor.workflow.code_dependencies import CodeDependencies, kept_code
from butfor.workflow.own_files import OwnFiles
from butfor.workflow.planning import find_modules_beside
from butfor.workflow.targets import Targets

BASE = Path(__file__).resolve().parents[3]  # of butfor: the folder of its Snakefile


@dataclass(frozen=True)
class PlannedStudy:
    """A checked study. files: those that it was read from. data: by data set, its settings with what recipes need of it."""

    settings: dict[str, Any]
    plan: Plan
    targets: Targets
    files: list[str]
    data: dict[str, dict[str, Any]]

    @property
    def results(self) -> Path:
        """Its results folder."""
        return Path(self.settings["results"])


def read_config(file: Path) -> dict[str, Any]:
    """What a study file says; one that names no study is laid over the example study's, as Snakemake does. Raises StudyError."""
    default = BASE / "config" / "config.yaml"
    files = [file] if "study" in _read(file) else [default, file]
    trees = composed(files)
    refuse_duplicate_keys(trees)
    refuse_misread_numbers(trees)
    config: dict[str, Any] = {}
    for each in files:
        _lay_over(config, _read(each))
    return config


def planned_study(config: Mapping[str, Any], files: Sequence[Path | str]) -> PlannedStudy:
    """The study in a configuration, checked and planned. files: those that it was read from, beside which modules may lie.
    Raises StudyError."""
    find_modules_beside(list(map(str, files)))
    settings, plan = study_and_plan(copy.deepcopy(dict(config)), BASE / "config" / "schema.yaml")
    dependencies = CodeDependencies(kept_code(Path(".snakemake") / "butfor"))
    codes = parameters.codes(lambda stage, *more: dependencies.fingerprint(BASE / "scripts" / f"{stage}.py", *more))
    own = OwnFiles(settings["results"], dependencies.fingerprint)
    data = {name: {**one, "largest": plan.largest(name)} for name, one in settings["data_sets"].items()}
    announced = (
        settings["log_level"],
        settings["max_minutes"],
        data,
        to_be_fit(settings["metrics"], plan.recipes),
    )
    announce(StartSettings(*announced, settings.get("decides"), settings["job"]["gpu_share"]))
    targets = Targets(settings, plan, codes, own, lambda look: [], is_dry_run=True)
    return PlannedStudy(settings, plan, targets, list(map(str, files)), data)


def examples_of(study: PlannedStudy, data_set: str) -> int | None:
    """How many examples a data set has to train and to validate on; None where that is not known before it is there, and of
    folds, each of which has a number of its own."""
    if study.settings["replicates"]:
        return None
    if data_set not in study.targets.data.stale:
        shapes = origins.manifest(study.results, data_set).get("shapes", {})
        return int(shapes["y_train"][0]) if "y_train" in shapes else None
    return TRAIN_IMAGES.get(study.data[data_set]["name"])


def _read(file: Path) -> dict[str, Any]:
    refuse_unreadable_yaml(file)
    written = yaml.load(file.read_text(encoding="utf-8"), Loader=SAFE)  # noqa: S506 - safe, both of them
    if not isinstance(written, dict):
        raise StudyError(f"{file}: expected a study file, keys with their values, received {written!r}.")
    return written


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = copy.deepcopy(value)
