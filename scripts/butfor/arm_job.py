"""One training job: the seeds of one look of one arm, one after another in one process, each leaving a record."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path
from typing import Any

from butfor import data, own_code, provenance
from butfor.arm import fingerprint
from butfor.checkpoint import Checkpoint
from butfor.progress import SUFFIX, Progress
from butfor.record import read, write
from butfor.training import ArmTraining, use_device

log = logging.getLogger(__name__)


def train_arm(training: dict[str, Any], arrays: Path, manifest: Path, threads: int, runs: Path) -> None:
    """Train every seed of `training` (see Plan.training) and leave `seed_<n>.json` for each in the folder `runs`.

    Finished seeds wait beside `runs` in a folder named by everything that decides their numbers, so that a job which
    was killed goes on after its last finished seed, and never with another recipe's, code's or data set's results.
    """
    began = time.perf_counter()
    device = use_device(threads)
    dataset = data.load(arrays, manifest)
    code = provenance.code_fingerprint(own_code.files(training["recipe"]["model"]["name"]))
    decides = [training, dataset.fingerprint, code, provenance.training_versions(), device]
    waiting = runs.parent / ".unfinished" / fingerprint(decides)
    arm = ArmTraining(training["arm"], training["recipe"], training["validation"], dataset, device)
    arm.seconds["data"] = time.perf_counter() - began
    for place, seed in enumerate(training["seeds"], start=1):
        path = waiting / f"seed_{seed}.json"
        if path.exists():
            log.info("%s · seed %d: finished earlier", training["arm"], seed)
            continue
        arm.left = (len(training["seeds"]) - place) * training["recipe"]["epochs"]
        about = {"arm": training["arm"], "look": runs.name, "seed": seed, "recipe": training["recipe"]}
        checkpoint = Checkpoint(waiting / f"seed_{seed}.checkpoint.npz")
        with Progress(waiting / f"seed_{seed}{SUFFIX}", about) as progress:
            write(path, arm.run(seed, progress, checkpoint))
            checkpoint.remove()
    for seed in training["seeds"]:
        read(waiting / f"seed_{seed}.json")
    runs.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(runs, ignore_errors=True)
    waiting.rename(runs)
