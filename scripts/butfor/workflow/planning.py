"""The planning of a start: its study is checked and planned, and what earlier starts have left is repaired."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from butfor.data.catalogue import TRAIN_IMAGES
from butfor.errors import SeveralErrors, StudyError
from butfor.metrics.fitting import refuse_unfit
from butfor.process import parent_watch, start_settings, system_errors, text_encoding
from butfor.records.provenance import gpus
from butfor.records.results_folder import TRACKED, mlflow_database
from butfor.study.composed_yaml import composed
from butfor.study.duplicate_keys import refuse_duplicate_keys
from butfor.study.files_beside import PATHS
from butfor.study.misread_numbers import refuse_misread_numbers
from butfor.study.plan import Plan
from butfor.study.settings import study_and_plan
from butfor.study.watched_metrics import to_be_fit
from butfor.study.written_lines import WrittenLines
from butfor.tracking import target
from butfor.workflow import outer_workflow, recovery
from butfor.workflow.engine_limits import refuse_untrainable
from butfor.workflow.path_limits import refuse_long_paths
from butfor.workflow.plan_alone import is_plan_alone
from butfor.workflow.results_place import refuse_shared_place
from butfor.workflow.targets import Targets

GPU = "gpu"  # the resource that a training asks one of
MOST = 30  # errors that are told
CLASSES = 10  # of each of the published data sets


def or_exit(make: Callable[..., Any], *arguments: Any) -> Any:
    """What `make` makes; a StudyError ends the process with one line."""
    try:
        return make(*arguments)
    except StudyError as error:
        sys.exit(str(error))


def try_or_exit(workflow: Any, attempt: Callable[..., None], *arguments: Any) -> None:
    """Have something tried; a StudyError ends the process with one line, after the place in the study's files that it is about.
    workflow: Snakemake's, as for `planned`."""
    try:
        attempt(*arguments)
    except StudyError as error:
        sys.exit(WrittenLines(workflow.configfiles, workflow.config_settings.config).message(error))


def changes_nothing(workflow: Any) -> bool:
    """Whether a start only foresees: a dry run, and one that is asked for the plan alone. workflow: Snakemake's, while a file of
    `rules/` is read; another workflow that uses this one may have a target of that name that trains."""
    is_plan = outer_workflow.is_outermost(workflow) and is_plan_alone()
    return bool(workflow.output_settings.dryrun) or is_plan


def inherit(targets: Targets, settings: dict[str, Any], is_dry_run: bool) -> None:
    """Let a start use records of earlier trainings, and make its own store of runs anew if that was deleted, unless another is
    at work; a dry run is told what a start would do."""
    with nullcontext(True) if is_dry_run else recovery.alone() as is_alone:
        if not is_alone:
            return
        messages = targets.inherit().messages
        if lost := _lost_mirror(settings):
            targets.forced.add(str(lost)) if is_dry_run else lost.unlink()
            messages.append(f"{mlflow_database(lost.parent)} is gone: MLflow's runs are made anew from the records.")
    for message in messages:
        print(message, file=sys.stderr)


def _lost_mirror(settings: dict[str, Any]) -> Path | None:
    """The file by which Snakemake knows that MLflow holds the study, if the study's own store is gone."""
    results = Path(settings["results"])
    tracked, mirrored = results / TRACKED, settings["tracking"]["mlflow"] and target.is_own(results)
    return tracked if mirrored and tracked.exists() and not mlflow_database(results).exists() else None


def planned(config: dict[str, Any], workflow: Any, schema: Path) -> tuple[dict[str, Any], Plan]:
    """The settings of the study in `config`, and its plan.

    workflow: Snakemake's, which knows from what files and overrides `config` was read, and whether this process starts the
    study or one of its jobs. What is wrong ends the process, a line each, after the file and the line of it where they are
    known.
    """
    files: Sequence[str] = workflow.configfiles
    find_modules_beside(files)
    try:
        trees = composed(files)
        refuse_duplicate_keys(trees)
        refuse_misread_numbers(trees)
        _refuse_nothing_but_a_name(config, files)
        settings, plan = study_and_plan(config, schema, [Path(file).parent for file in files])
        refuse_untrainable(plan, settings["data_sets"])
        settings["results"] = outer_workflow.moved(workflow, settings["results"])
        outer_workflow.refuse_second_study(workflow, settings["results"])
        refuse_long_paths(settings)
        results, sets = Path(settings["results"]), settings["data_sets"]
        for name, data in sets.items():
            refuse_unfit(
                to_be_fit(settings["metrics"], plan.recipes),
                {"classes": CLASSES} if data["name"] in TRAIN_IMAGES else {},
                data_set=name,
            )
        refuse_shared_place(results, settings["study"])
        paths = [path for data in sets.values() for path in _data_paths(data)]
        text_encoding.refuse_other_names([Path.cwd(), results, *files, *paths, *plan.arms])
        if workflow.is_main_process and settings["tracking"]["mlflow"]:
            target.check(results)
        if workflow.is_main_process:
            for message in (recovery.damage if changes_nothing(workflow) else recovery.clear)(results):
                print(message, file=sys.stderr)
    except StudyError as error:
        lines = WrittenLines(files, workflow.config_settings.config)
        every = error.errors if isinstance(error, SeveralErrors) else [error]
        more = [f"and {len(every) - MOST} more"] if len(every) > MOST else []
        sys.exit("\n".join([*map(lines.message, every[:MOST]), *more]))
    except OSError as error:
        if sentence := system_errors.sentence(error):
            sys.exit(sentence)
        raise
    parent_watch.announce_start()
    text_encoding.announce_utf8()
    data = {name: {**data, "largest": plan.largest(name)} for name, data in sets.items()}
    asked = to_be_fit(settings["metrics"], plan.recipes)
    decides = settings.get("decides")
    share, limits = settings["job"]["gpu_share"], (settings["log_level"], settings["max_minutes"])
    announced = start_settings.StartSettings(*limits, data, asked, decides, share)
    start_settings.announce(announced)
    return settings, plan


def share_gpus(workflow: Any, jobs: int) -> None:
    """Have so many jobs share each GPU of this machine, unless the command line says how many there are in all, or a cluster
    has the jobs."""
    resources = workflow.global_resources
    if gpus() and GPU not in resources and resources["_nodes"].value is None:
        workflow.register_resource(GPU, jobs * gpus())


def _data_paths(data: dict[str, Any]) -> list[str]:
    return [data[place] for place in PATHS if data[place]]


def find_modules_beside(files: Sequence[str]) -> None:
    """Have modules that lie beside the study's files found, last of all, so that none hides a library's. (Snakemake has the
    scripts of its jobs look where it looks itself.)"""
    folders = (os.path.dirname(os.path.abspath(file)) for file in files)
    sys.path.extend(folder for folder in dict.fromkeys(folders) if folder not in sys.path)


def _refuse_nothing_but_a_name(config: dict[str, Any], files: Sequence[str]) -> None:
    if not files and set(config) == {"study"}:
        raise StudyError(
            f"--config study={config['study']}: expected a study file with it, received none. A study's name makes what has it"
            " stand alone, so config/config.yaml was not read: name a file, as in --configfile config/config.yaml --config"
            f" study={config['study']} results=results/{config['study']}."
        )
