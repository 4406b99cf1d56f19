"""A training job whose seeds are all finished before it begins: a killed job, a cohort or earlier trainings have left their
records, and its folder is made of them without an engine, whose import would take longer than all else.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from butfor.records import earlier, files, job_folder
from butfor.records.job_folder import Receipt
from butfor.records.results_folder import UNFINISHED, JobPlace, note_beside, partner_notes, record_in, records_of

Training = dict[str, Any]
MODELS = "models"  # the folder of the models that wait beside the finished seeds
log = logging.getLogger(__name__)


def finished(runs: Path, training: Training, manifest: Path | str) -> Receipt | None:
    """What the folder `runs` would be made from by records that are there, of one device as far as they wait; None if any is
    lacking. manifest: of the training's data set."""
    origin = earlier.origin(training, json.loads(Path(manifest).read_text())["fingerprint"])
    for device in dict.fromkeys(_devices(runs, training, origin)):
        made = Receipt(earlier.mark(origin, device), training["seeds"], origin, training.get("token", ""))
        of_earlier, parts = _not_waiting(runs, training, made), training.get("predictions", [])
        places = [earlier.place_of(JobPlace(runs).results, origin, seed) for seed in of_earlier]
        if all(earlier.is_whole(place, parts) for place in places):
            return made
    return None


def make_of_finished(runs: Path, training: Training, manifest: Path | str) -> bool:
    """Make the folder `runs` of the records that are there, and say whether it is made: not if any is lacking. Only where no
    other job makes the folder."""
    if runs.exists() or (made := finished(runs, training, manifest)) is None:  # another job may have just made it
        return False
    of_earlier, arm, waiting = _not_waiting(runs, training, made), training["arm"], job_folder.waiting(runs, made.mark)
    for seed in made.seeds:
        if seed in of_earlier:
            path, parts = record_in(waiting, seed), training.get("predictions", [])
            earlier.take_over(JobPlace(runs).results, made.origin, seed, arm, path, parts)
            log.info("%s · seed %d: the record of an earlier training with the same recipe is used", arm, seed)
        else:
            log.info("%s · seed %d: finished earlier", arm, seed)
    put_in_place(runs, made)
    for note in (note_beside(runs), *partner_notes(runs)):
        files.remove(note)
    return True


def put_in_place(runs: Path, made: Receipt) -> None:
    """Make the folder of records of those that wait."""
    waiting = job_folder.waiting(runs, made.mark)
    shutil.rmtree(waiting / MODELS, ignore_errors=True)
    shutil.rmtree(runs, ignore_errors=True)
    job_folder.write(runs, made)  # first, so that no folder ever lies beside another's receipt
    waiting.rename(runs)
    earlier.drop(JobPlace(runs).results, made)  # those that were taken over are in their place


def _devices(runs: Path, training: Training, origin: str) -> Iterator[str]:
    """Those that have trained records which the job may find."""
    folders = sorted((runs.parent / UNFINISHED).glob("*/"))
    first = [records[0] for folder in folders if (records := records_of(folder))]
    for record in (*first, earlier.place_of(JobPlace(runs).results, origin, training["seeds"][0])):
        if earlier.is_whole(record):
            yield json.loads(record.read_bytes())["machine"]["device"]


def _not_waiting(runs: Path, training: Training, made: Receipt) -> list[int]:
    """The seeds whose records do not wait."""
    waiting, parts = job_folder.waiting(runs, made.mark), training.get("predictions", [])
    return [seed for seed in made.seeds if not earlier.is_whole(record_in(waiting, seed), parts)]
