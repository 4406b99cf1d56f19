"""One training job: the seeds of one look of one arm, one after another in one process, each leaving a record."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from butfor import data, model_choice, model_file, own_code, provenance, receipt
from butfor.arm import fingerprint
from butfor.checkpoint import Checkpoint
from butfor.failure_note import FailureNote, note_beside
from butfor.progress import SUFFIX, Progress
from butfor.receipt import Receipt
from butfor.record import Record, read, write
from butfor.time_limit import time_limit
from butfor.training import ArmTraining, use_device

MODELS = "models"  # the folder of the models that wait beside the finished seeds
log = logging.getLogger(__name__)


def train_arm(
    training: dict[str, Any],
    arrays: Path,
    manifest: Path,
    threads: int,
    runs: Path,
    log_path: Path,
    max_minutes: float | None = None,
    models: str | None = None,
    every_model: bool = False,
) -> None:
    """Train every seed of `training` (see Plan.training) and leave `seed_<n>.json` for each in the folder `runs`, and in
    the folder `models`, if there is to be one, `seed_<n>.keras` of the best of them, or of every one.

    Finished seeds wait beside `runs` in a folder named by everything that decides their numbers, so that a job which
    was killed goes on after its last finished seed, and never with another recipe's, code's or data set's results.
    What ends it otherwise is said in a note beside `runs`. One job at a time makes `runs`. max_minutes: see time_limit,
    for each seed.
    """
    runs, kept = runs.absolute(), Path(models).absolute() if models else None  # own code may go to another folder
    with receipt.alone(runs):
        job = _Job(training, arrays, manifest, threads, runs, log_path, keeps=kept is not None)
        if job.is_done and (kept is None or kept.is_dir()):  # though Snakemake had deleted it
            log.info("%s: another job has just made it", runs)
            return
        for place, seed in enumerate(training["seeds"], start=1):
            job.train(seed, left=len(training["seeds"]) - place, max_minutes=max_minutes)
        job.end(kept, every_model)


class _Job:
    """What the seeds of a job share: the data, the compiled model, the folder in which their records wait."""

    def __init__(
        self,
        training: dict[str, Any],
        arrays: Path,
        manifest: Path,
        threads: int,
        runs: Path,
        log_path: Path,
        keeps: bool,
    ) -> None:
        began = time.perf_counter()
        self._training, self._runs, self._keeps = training, runs, keeps
        self._device = use_device(threads)
        self._dataset = data.load(arrays, manifest)
        self._model = training["recipe"]["model"]["name"]
        code = provenance.code_fingerprint(own_code.files(self._model))
        decides = [training, self._dataset.fingerprint, code, provenance.training_versions(), self._device]
        self._made = Receipt(fingerprint(decides), training["seeds"])
        self._waiting = receipt.waiting(runs, self._made.mark)
        self._note = FailureNote(note_beside(runs), training["arm"], runs.name, log_path)
        self._arm: ArmTraining | None = None
        self._data_seconds = time.perf_counter() - began

    @property
    def is_done(self) -> bool:
        """Whether the folder of records is there, made from the same."""
        return self._runs.is_dir() and receipt.read(self._runs) == self._made

    def train(self, seed: int, left: int, max_minutes: float | None) -> None:
        """Train a seed, unless that was finished earlier; `left` are still to come."""
        path, model = self._waiting / f"seed_{seed}.json", self._waiting / MODELS / f"seed_{seed}.keras"
        if path.exists() and (model.exists() or not self._keeps):
            log.info("%s · seed %d: finished earlier", self._training["arm"], seed)
            return
        what = f"{self._training['arm']}, seed {seed}"
        with (
            self._note.of(seed) as word,
            time_limit(max_minutes, what, word),
            own_code.answers_for(self._model, f"training {what}"),
        ):
            arm = self._compiled()
            arm.left = left * self._training["recipe"]["epochs"]
            checkpoint = Checkpoint(self._waiting / f"seed_{seed}.checkpoint.npz")
            with Progress(self._waiting / f"seed_{seed}{SUFFIX}", self._about(seed)) as progress:
                record = arm.run(seed, progress, checkpoint)
                if self._keeps:
                    model_file.save(arm.model, model)
                write(path, record)
                checkpoint.remove()

    def _about(self, seed: int) -> dict[str, Any]:
        told = {"arm": self._training["arm"], "look": self._runs.name, "seed": seed}
        return {**told, "recipe": self._training["recipe"]}

    def _compiled(self) -> ArmTraining:
        if self._arm is None:
            said = self._training
            self._arm = ArmTraining(said["arm"], said["recipe"], said["validation"], self._dataset, self._device)
            self._arm.seconds["data"] = self._data_seconds
            if self._keeps:  # what cannot be kept is said before it is trained
                model_file.save(self._arm.model, self._waiting / MODELS / "trial.keras")
        return self._arm

    def end(self, kept: Path | None, every_model: bool) -> None:
        """Put the records, and the models if any are to be kept, where they belong."""
        records = [read(self._waiting / f"seed_{seed}.json") for seed in self._training["seeds"]]
        if kept:
            _keep(self._waiting / MODELS, records if every_model else [model_choice.best(records)], kept)
        shutil.rmtree(self._waiting / MODELS, ignore_errors=True)
        shutil.rmtree(self._runs, ignore_errors=True)
        self._waiting.rename(self._runs)
        receipt.write(self._runs, self._made)
        self._note.remove()


def _keep(waiting: Path, records: Iterable[Record | None], models: Path) -> None:
    """Make `models` the folder of the models of those of the records whose training came to an end."""
    wanted = {f"seed_{record.seed}.keras" for record in records if record and record.metrics}
    for path in waiting.iterdir():
        if path.name not in wanted:
            path.unlink()
    models.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(models, ignore_errors=True)
    waiting.rename(models)
