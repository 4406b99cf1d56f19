"""The same small search of the learning rate for every arm, on validation images, and trainings at its best rate."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.data.dataset import Array, load
from butfor.fingerprint import fingerprint
from butfor.process.start_settings import announced
from butfor.process.time_limit import time_limit
from butfor.recipe.rate_choice import chosen
from butfor.records import job_folder
from butfor.records.files import write_noted
from butfor.records.job_folder import Receipt
from butfor.records.results_folder import COMPILED
from butfor.training.arm_job import train_arm
from butfor.training.arm_runs import ArmRuns
from butfor.training.built import refuse_unbuilt
from butfor.training.engine_choice import engine_named
from butfor.training.scorer_choice import scorer_of
from butfor.user_code import call

Training = dict[str, Any]
Figures = dict[str, float | None]
log = logging.getLogger(__name__)


def search(
    task: Training,
    arrays: Path | str,
    manifest: Path | str,
    threads: int,
    rates: Path | str,
    built: Iterable[Path | str] = (),
    max_minutes: float | None = None,
    scored: Callable[[int, int | None, Array], float] | None = None,
) -> None:
    """Train an arm's recipe at each rate of `task` (see Plan.search) and write what came of it on validation images into the
    file `rates`.

    The test set is not touched, and the seeds are none of the study's, so that what is chosen here has not seen what it
    is judged on. max_minutes: see time_limit, for each rate. scored: the study's metric, of what a training of a seed and a
    train_size predicts of its validation examples, where that is none of the figures of training.
    """
    refuse_unbuilt(built)
    engine, stream = engine_named(task["engine"]), announced().streams(data_set_of(task["arm"]))
    rows, path = [], Path(rates).absolute()
    with engine.compiled_in(path.parents[1] / COMPILED, threads, fingerprint(task["recipe"])):
        device, dataset = engine.device(threads), load(arrays, manifest, stream)
        engine.set_arithmetic(task["recipe"])
        scorer = scorer_of(task, arrays, manifest)
        for rate in task["rates"]:
            recipe = {**task["recipe"], "learning_rate": rate}
            what = f"{task['arm']}, learning rate {rate:g}"
            with time_limit(max_minutes, what), call.attribute_errors_to(recipe["model"]["name"], f"training {what}"):
                began = time.perf_counter()
                arm_runs = ArmRuns(engine, {**task, "recipe": recipe}, dataset, device, scorer)
                for seed in task["seeds"]:
                    validated = arm_runs.validate(seed)
                    if scored is not None:
                        validated |= _judged(arm_runs, seed, validated, task["metric"]["name"], scored)
                    rows.append({"rate": rate, "seed": seed, **validated, "seconds": time.perf_counter() - began})
                    log.info("%s · learning rate %g · seed %d: %s", task["arm"], rate, seed, validated)
                    began = time.perf_counter()
    better = {"higher_is_better": task["metric"]["higher_is_better"]} if scored is not None else {}
    write_noted(path, json.dumps({"arm": task["arm"], **better, "tried": rows}, indent=1))


def _judged(
    arm_runs: ArmRuns, seed: int, validated: Figures, name: str, scored: Callable[[int, int | None, Array], float]
) -> Figures:
    """The metric of the training that has just ended; None of one that broke."""
    if None in validated.values():
        return {f"validation/{name}": None}
    predicted = arm_runs.predict(seed, ["validation"])["validation"]
    return {f"validation/{name}": scored(seed, arm_runs.recipe["train_size"], predicted)}


def train_tuned(
    training: Training,
    metric: str,
    rates: Path | str,
    fixed: Path | str,
    arrays: Path | str,
    manifest: Path | str,
    threads: int,
    runs: Path | str,
    max_minutes: float | None = None,
) -> None:
    """Train every seed of `training` at the rate that the search in the file `rates` has best; where that is the recipe's own
    rate, the records in `fixed` are what that gives, and are taken over.
    """
    searched = json.loads(Path(rates).read_text())
    rate = chosen(searched["tried"], metric, searched.get("higher_is_better"))["rate"]
    if rate == training["recipe"]["learning_rate"]:
        _copy_records(Path(fixed), Path(runs))
        log.info("%s · the recipe's own learning rate is the best of those tried", training["arm"])
        return
    tuned = {**training, "recipe": {**training["recipe"], "learning_rate": rate}}
    train_arm(tuned, arrays, manifest, threads, runs, max_minutes=max_minutes)


def _copy_records(fixed: Path, runs: Path) -> None:
    """Make `runs` a copy of a folder of records, with its receipt: no record of another rate is left in it, nor taken up."""
    with job_folder.alone(runs):
        receipt = job_folder.read(fixed) or Receipt("", [])
        waiting = job_folder.waiting(runs, "copy")
        shutil.rmtree(waiting, ignore_errors=True)
        shutil.copytree(fixed, waiting, ignore=shutil.ignore_patterns(".*"))
        shutil.rmtree(runs, ignore_errors=True)
        job_folder.write(runs, receipt)
        waiting.rename(runs)
