"""The seeds of one training job that a process trains, one after another, each leaving a record."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.data.dataset import load
from butfor.process.failure_note import FailureNote
from butfor.process.log import log_path
from butfor.process.progress import Progress
from butfor.process.start_settings import announced
from butfor.process.time_limit import time_limit
from butfor.records import earlier, job_folder, kept_predictions
from butfor.records.job_folder import Receipt
from butfor.records.record import Record, read, write
from butfor.records.results_folder import PROGRESS_SUFFIX, JobPlace, note_beside, record_in
from butfor.training import model_choice
from butfor.training.arm_runs import ArmRuns
from butfor.training.checkpoint import Checkpoint
from butfor.training.finished_job import MODELS, put_in_place
from butfor.training.predictions import try_prediction
from butfor.training.protocol import Engine
from butfor.training.scorer_choice import scorer_of
from butfor.user_code import call

log = logging.getLogger(__name__)


class SeedJob:
    """What those seeds of a job share that one process trains: the data, the compiled model, the folder in which their records
    wait, and the `note` of why there are none yet.

    keeps: whether models are to be kept. note: its file, if it is not that of the whole job.
    """

    def __init__(
        self,
        engine: type[Engine],
        training: dict[str, Any],
        arrays: Path | str,
        manifest: Path | str,
        threads: int,
        runs: Path,
        keeps: bool,
        note: Path | None = None,
    ) -> None:
        began = time.perf_counter()
        self._engine, self._training, self._runs, self._keeps = engine, training, runs, keeps
        self._parts: list[str] = training.get("predictions", [])
        self._device = engine.device(threads)
        engine.set_arithmetic(training["recipe"])
        self._dataset = load(arrays, manifest, announced().streams(data_set_of(training["arm"])))
        self._model = training["recipe"]["model"]["name"]
        self._scorer = scorer_of(training, arrays, manifest)
        origin = earlier.origin(training, self._dataset.fingerprint)
        self._made = Receipt(earlier.mark(origin, self._device), training["seeds"], origin, training.get("token", ""))
        self._waiting = job_folder.waiting(runs, self._made.mark)
        self.note = FailureNote(note or note_beside(runs), training["arm"], runs.name, log_path())
        self._arm_runs: ArmRuns | None = None
        self._data_seconds = time.perf_counter() - began

    @property
    def is_done(self) -> bool:
        """Whether the folder of records is there, made from the same."""
        there = job_folder.read(self._runs) if self._runs.is_dir() else None
        same = there is not None and (there.mark, there.seeds) == (self._made.mark, self._made.seeds)
        return same and all(
            kept_predictions.holds(record_in(self._runs, seed), self._parts) for seed in self._made.seeds
        )

    @property
    def lacking(self) -> list[int]:
        """The seeds that no earlier process has finished."""
        return [seed for seed in self._made.seeds if not self._is_finished(seed)]

    def _places(self, seed: int) -> tuple[Path, Path]:
        """Where the record and the model of a seed wait."""
        return self._waiting / f"seed_{seed}.json", self._waiting / MODELS / f"seed_{seed}.keras"

    def _is_finished(self, seed: int) -> bool:
        path, model = self._places(seed)
        return path.exists() and (model.exists() or not self._keeps) and kept_predictions.holds(path, self._parts)

    def train(self, seed: int, later: int, max_minutes: float | None) -> None:
        """Train a seed, unless that was finished earlier; `later` ones are still to come."""
        path, model = self._places(seed)
        if self._is_finished(seed):
            log.info("%s · seed %d: finished earlier", self._training["arm"], seed)
            return
        results, arm = JobPlace(self._runs).results, self._training["arm"]
        if not self._keeps and earlier.take_over(results, self._made.origin, seed, arm, path, self._parts):
            log.info("%s · seed %d: the record of an earlier training with the same recipe is used", arm, seed)
            return
        what = f"{self._training['arm']}, seed {seed}"
        with (
            self.note.of(seed) as word,
            time_limit(max_minutes, what, word),
            call.attribute_errors_to(self._model, f"training {what}"),
        ):
            arm_runs = self._compiled(seed)
            checkpoint = Checkpoint(self._waiting / f"seed_{seed}.checkpoint.npz")
            with Progress(self._waiting / f"seed_{seed}{PROGRESS_SUFFIX}", self._about(seed)) as progress:
                record = arm_runs.train(seed, later, progress, checkpoint)
                if self._keeps:
                    arm_runs.engine.save(model)
                if self._parts:  # before the record, by which a seed counts as finished
                    kept_predictions.write(path, arm_runs.predict(seed, self._parts) if record.metrics else {})
                write(path, record)
                checkpoint.remove()

    def _about(self, seed: int) -> dict[str, Any]:
        place = {"arm": self._training["arm"], "look": self._runs.name, "seed": seed}
        return {**place, "recipe": self._training["recipe"]}

    def _compiled(self, seed: int) -> ArmRuns:
        """What trains a seed: the same for all, as far as it takes each one's data."""
        if self._arm_runs and not self._dataset.folds:
            return self._arm_runs
        dataset = self._dataset.of_seed(seed, self._training["seeds"])
        if self._arm_runs is None or not self._arm_runs.takes(dataset):
            self._arm_runs = ArmRuns(self._engine, self._training, dataset, self._device, self._scorer)
            self._arm_runs.seconds["data"] = self._data_seconds
            if self._keeps:  # what cannot be kept is refused before it is trained
                self._arm_runs.engine.save(self._waiting / MODELS / f"trial_{os.getpid()}.keras")
            if self._parts:
                try_prediction(self._arm_runs.engine, dataset, self._model)
        return self._arm_runs

    def end(self, kept: Path | None, every_model: bool) -> None:
        """Put the records, and the models if any are to be kept, where they belong."""
        records = [read(self._waiting / f"seed_{seed}.json") for seed in self._training["seeds"]]
        if kept:
            _keep(self._waiting / MODELS, records if every_model else [model_choice.best(records)], kept)
        put_in_place(self._runs, self._made)


def _keep(waiting: Path, records: Iterable[Record | None], models: Path) -> None:
    """Make `models` the folder of the models of those of the records whose training came to an end."""
    wanted = {f"seed_{record.seed}.keras" for record in records if record and record.metrics}
    for path in waiting.iterdir():
        if path.name not in wanted:
            path.unlink()
    models.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(models, ignore_errors=True)
    waiting.rename(models)
