"""The same small search of the learning rate for every arm, on validation images, and trainings at what it found."""

from __future__ import annotations

import json
import logging
import shutil
import time
from pathlib import Path
from typing import Any

from butfor import data, own_code
from butfor.arm_job import train_arm
from butfor.rate_choice import chosen
from butfor.record import write_noted
from butfor.time_limit import time_limit
from butfor.training import ArmTraining, use_device

Training = dict[str, Any]
log = logging.getLogger(__name__)


def search(
    searched: Training, arrays: Path, manifest: Path, threads: int, found: Path, max_minutes: float | None = None
) -> None:
    """Train an arm's recipe at each rate of `searched` (see Plan.search) and write what came of it on validation images.

    The test set is not touched, and the seeds are none of the study's, so that what is chosen here has not seen what it
    is judged on. max_minutes: see time_limit, for each rate.
    """
    device, dataset, found = use_device(threads), data.load(arrays, manifest), found.absolute()
    rows = []
    for rate in searched["rates"]:
        recipe = {**searched["recipe"], "learning_rate": rate}
        what = f"{searched['arm']}, learning rate {rate:g}"
        with time_limit(max_minutes, what), own_code.answers_for(recipe["model"]["name"], f"training {what}"):
            began = time.perf_counter()
            arm = ArmTraining(searched["arm"], recipe, searched["validation"], dataset, device)
            for seed in searched["seeds"]:
                validated = arm.validate(seed)
                rows.append({"rate": rate, "seed": seed, **validated, "seconds": time.perf_counter() - began})
                log.info("%s · learning rate %g · seed %d: %s", searched["arm"], rate, seed, validated)
                began = time.perf_counter()
    write_noted(found, json.dumps({"arm": searched["arm"], "tried": rows}, indent=1))


def train_tuned(
    training: Training,
    metric: str,
    found: Path,
    fixed: Path,
    arrays: Path,
    manifest: Path,
    threads: int,
    runs: Path,
    log_path: Path,
    max_minutes: float | None = None,
) -> None:
    """Train every seed of `training` at the rate that the search found best; where that is the recipe's own rate, the
    records in `fixed` are what that gives, and are taken over.
    """
    rate = chosen(json.loads(found.read_text())["tried"], metric)["rate"]
    if rate == training["recipe"]["learning_rate"]:
        runs.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(fixed, runs, dirs_exist_ok=True)
        log.info("%s · the recipe's own learning rate is the best of those tried", training["arm"])
        return
    tuned = {**training, "recipe": {**training["recipe"], "learning_rate": rate}}
    train_arm(tuned, arrays, manifest, threads, runs, log_path=log_path, max_minutes=max_minutes)
