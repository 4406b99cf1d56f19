"""The process that trains a cohort: what its arms lack, each record to where the arm's job finds those of finished seeds."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.data.dataset import load
from butfor.jax_engine.cohort_records import Predict, make_records
from butfor.jax_engine.jax_engine import JaxEngine
from butfor.process.log import log_to
from butfor.process.start_settings import announced
from butfor.recipe.cohorts import cohorts
from butfor.records import earlier, job_folder, kept_predictions
from butfor.records.record import Record, write
from butfor.records.results_folder import COMPILED, JobPlace, record_in

Training = dict[str, Any]
log = logging.getLogger(__name__)


def main() -> None:
    """Train what standard input asks for, see training/cohort_job."""
    asked = json.load(sys.stdin)
    log_to(asked["log"])
    jobs = zip(asked["trainings"], map(Path, asked["runs"]), asked["lacking"], strict=True)
    train_lacking(
        [AskedJob(*job) for job in jobs], asked["arrays"], asked["manifest"], asked["threads"], asked["program"]
    )


@dataclass(frozen=True)
class AskedRun:
    """A run of a cohort. path: where its record waits. parts: of the data, on which its predictions are kept. is_lacking: whether
    there is no record of it."""

    training: Training
    seed: int
    path: Path
    parts: list[str]
    is_lacking: bool


@dataclass(frozen=True)
class AskedJob:
    """The job of an arm. runs: its folder of records. is_lacking: whether any of these is not there, whichever device trained."""

    training: Training
    runs: Path
    is_lacking: bool


def train_lacking(
    jobs: list[AskedJob], arrays: Path | str, manifest: Path | str, threads: int, program: dict[str, Any]
) -> None:
    """Train the runs of which there is no record yet. jobs: of recipes of one structure, with one data set. program: see
    workflow/joint_trainings."""
    first = jobs[0].training
    device = JaxEngine.device(threads)
    with JaxEngine.compiled_in(JobPlace(jobs[0].runs).results / COMPILED, threads, ""):
        JaxEngine.set_arithmetic(first["recipe"])
        dataset = load(arrays, manifest, announced().streams(data_set_of(first["arm"])))
        every = [run for job in jobs for run in _runs(job, dataset.fingerprint, device)]
        lacking = [place for place, run in enumerate(every) if run.is_lacking]
        log.info("%d of %d runs are lacking, on %s", len(lacking), len(every), device)
        by_name = {(run.training["arm"], run.seed): run for run in every}

        def made(record: Record, predict: Predict) -> None:
            run = by_name[record.arm, record.seed]
            if run.parts:  # before the record, by which a seed counts as finished
                kept_predictions.write(run.path, predict(run.parts) if record.metrics else {})
            write(run.path, record)

        asked = [(run.training["arm"], run.training["recipe"], run.seed) for run in every]
        # By all that share it, so that the program is the same whichever other jobs train and a killed process has left.
        (cohort,) = cohorts([(recipe, seed) for _, recipe, seed in asked])
        switches, lanes = frozenset(program["switches"]), program["lanes"]
        if lacking:
            cohort = replace(cohort, switches=switches, runs=tuple(lacking), planned=lanes)
            make_records(cohort, asked, dataset, first["validation"], device, made, threads=threads)


def _runs(job: AskedJob, data: str, device: str) -> Iterator[AskedRun]:
    """Those of the job of an arm."""
    training, results = job.training, JobPlace(job.runs).results
    origin, parts = earlier.origin(training, data), training.get("predictions", [])
    waiting = job_folder.waiting(job.runs, earlier.mark(origin, device))
    for seed in training["seeds"]:
        path, before = record_in(waiting, seed), earlier.place_of(results, origin, seed)
        is_there = not job.is_lacking or earlier.is_whole(path, parts) or earlier.is_whole(before, parts)
        yield AskedRun(training, seed, path, parts, not is_there)
