"""One training job: the seeds of one look of one arm, one after another in one process, each leaving a record."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from butfor import data, model_choice, model_file, own_code, provenance
from butfor.arm import fingerprint
from butfor.checkpoint import Checkpoint
from butfor.failure_note import FailureNote, note_beside
from butfor.progress import SUFFIX, Progress
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
    What ends it otherwise is said in a note beside `runs`. max_minutes: see time_limit, for each seed.
    """
    began = time.perf_counter()
    # A model of the user's own may go to another folder.
    runs, models = runs.absolute(), str(Path(models).absolute()) if models else None
    device = use_device(threads)
    dataset = data.load(arrays, manifest)
    code = provenance.code_fingerprint(own_code.files(training["recipe"]["model"]["name"]))
    decides = [training, dataset.fingerprint, code, provenance.training_versions(), device]
    waiting = runs.parent / ".unfinished" / fingerprint(decides)
    note = FailureNote(note_beside(runs), training["arm"], runs.name, log_path)
    data_seconds = time.perf_counter() - began
    arm: ArmTraining | None = None
    for place, seed in enumerate(training["seeds"], start=1):
        path, model = waiting / f"seed_{seed}.json", waiting / MODELS / f"seed_{seed}.keras"
        if path.exists() and (model.exists() or not models):
            log.info("%s · seed %d: finished earlier", training["arm"], seed)
            continue
        about = {"arm": training["arm"], "look": runs.name, "seed": seed, "recipe": training["recipe"]}
        checkpoint = Checkpoint(waiting / f"seed_{seed}.checkpoint.npz")
        what, name = f"{training['arm']}, seed {seed}", training["recipe"]["model"]["name"]
        with (
            note.of(seed) as word,
            time_limit(max_minutes, what, word),
            own_code.answers_for(name, f"training {what}"),
        ):
            if arm is None:
                arm = ArmTraining(training["arm"], training["recipe"], training["validation"], dataset, device)
                arm.seconds["data"] = data_seconds
                if models:  # what cannot be kept is said before it is trained
                    model_file.save(arm.model, waiting / MODELS / "trial.keras")
            arm.left = (len(training["seeds"]) - place) * training["recipe"]["epochs"]
            with Progress(waiting / f"seed_{seed}{SUFFIX}", about) as progress:
                record = arm.run(seed, progress, checkpoint)
                if models:
                    model_file.save(arm.model, model)
                write(path, record)
                checkpoint.remove()
    records = [read(waiting / f"seed_{seed}.json") for seed in training["seeds"]]
    if models:
        _keep(waiting / MODELS, records if every_model else [model_choice.best(records)], Path(models))
    shutil.rmtree(waiting / MODELS, ignore_errors=True)
    runs.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(runs, ignore_errors=True)
    waiting.rename(runs)
    note.remove()


def _keep(waiting: Path, records: Iterable[Record | None], models: Path) -> None:
    """Make `models` the folder of the models of those of the records whose training came to an end."""
    wanted = {f"seed_{record.seed}.keras" for record in records if record and record.metrics}
    for path in waiting.iterdir():
        if path.name not in wanted:
            path.unlink()
    models.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(models, ignore_errors=True)
    waiting.rename(models)
