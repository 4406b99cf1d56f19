"""The job of a cohort: what its arms lack is trained together in a process of its own, and what became of it is noted.

It never fails: a cohort that does costs its time, and the jobs of its arms train by themselves what it has not left them. So
it is a process of its own too, whose end, even for want of memory, this one outlives.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import butfor
from butfor.process.log import log_path
from butfor.records.files import write_atomically
from butfor.training.finished_job import finished

PROCESS = "butfor.jax_engine.cohort_process"
log = logging.getLogger(__name__)


def train_cohort(
    trainings: list[dict[str, Any]],
    runs: list[str],
    arrays: Path | str,
    manifest: Path | str,
    threads: int,
    receipt: Path | str,
) -> None:
    """Train what the trainings lack (see parameters.training), so that each record waits for the job of its folder in `runs`, and
    leave a receipt: how long that took, and why it failed, if it has."""
    began = time.perf_counter()
    folders = [Path(folder).absolute() for folder in runs]
    lacking = [
        finished(folder, training, manifest) is None for training, folder in zip(trainings, folders, strict=True)
    ]
    asked = {
        "trainings": trainings,
        "runs": list(map(str, folders)),
        "lacking": lacking,
        "arrays": str(arrays),
        "manifest": str(manifest),
        "threads": threads,
        "log": str(log_path()),
    }
    failed = _ended_with(json.dumps(asked)) if any(lacking) else ""
    if failed:
        log.warning("the cohort failed: %s. Its arms train by themselves what it has not left them", failed)
    seconds = round(time.perf_counter() - began, 3)
    write_atomically(Path(receipt), json.dumps({"failed": failed, "seconds": seconds}))


def _ended_with(asked: str) -> str:
    """Why the process failed that does what is asked; "" if it has not."""
    places = [str(Path(butfor.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
    command = [sys.executable, "-c", f"from {PROCESS} import main; main()"]
    done = subprocess.run(command, input=asked, text=True, env=variables, check=False)
    if done.returncode < 0:
        return f"its process was ended by signal {-done.returncode}"
    return f"its process ended with {done.returncode}, see its log" if done.returncode else ""
