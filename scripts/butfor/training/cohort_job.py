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
from typing import Any, TextIO

import butfor
from butfor.languages.folder_language import language_in
from butfor.languages.phrases import phrase, speaking
from butfor.process.log import log_path
from butfor.records.files import write_atomically
from butfor.records.results_folder import JobPlace
from butfor.training.finished_job import finished

PROCESS = "butfor.jax_engine.cohort_process"
log = logging.getLogger(__name__)


def train_cohort(
    trainings: list[dict[str, Any]],
    runs: list[str],
    arrays: Path | str,
    manifest: Path | str,
    threads: int,
    program: dict[str, Any],
    receipt: Path | str,
    terminal: TextIO | None = None,
) -> None:
    """Train what the trainings lack (see parameters.training), so that each record waits for the job of its folder in `runs`, and
    leave a receipt: how long that took, and why it failed, if it has. program: see JointTrainings.program. terminal: where the
    user is told of that."""
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
        "program": program,
        "log": str(log_path()),
    }
    code = _ended_with(json.dumps(asked)) if any(lacking) else 0
    failed = _why(code)
    if failed:
        log.warning("the cohort failed: %s. Its arms train by themselves what it has not left them", failed)
        with speaking(language_in(JobPlace(folders[0]).results)):
            sentence = phrase(
                "Arms that were to train together train by themselves: {why}. Log: {log}",
                why=_why(code),
                log=log_path(),
            )
        print(sentence, file=terminal)
    seconds = round(time.perf_counter() - began, 3)
    write_atomically(Path(receipt), json.dumps({"failed": failed, "seconds": seconds}))


def _ended_with(asked: str) -> int:
    """The exit status of the process that does what is asked."""
    places = [str(Path(butfor.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
    command = [sys.executable, "-c", f"from {PROCESS} import main; main()"]
    return subprocess.run(command, input=asked, text=True, env=variables, check=False).returncode


def _why(code: int) -> str:
    """An exit status in words; "" for success."""
    if code < 0:
        return phrase("its process was ended by signal {n}", n=-code)
    return phrase("its process ended with exit status {n}", n=code) if code else ""
