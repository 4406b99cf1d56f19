"""What a start inherits from earlier ones: records of the same recipe, seeds, data and code under another name or look.

Renamed arms, another number of seeds, a plan of other looks and a change that is taken back train only what is missing.
A dry run foresees what a start would do, and changes nothing. While jobs are at work, `earlier/` holds all records, also those
in their place: Snakemake deletes a folder of records before its job runs, for reasons that nobody knows before, such as
arrays that turn out to be others. Standard library only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from butfor.fingerprint import fingerprint
from butfor.records import earlier, job_folder, kept_predictions
from butfor.records.job_folder import Receipt
from butfor.records.results_folder import EARLIER, RUNS, jobs_of, receipt_beside, record_in
from butfor.workflow.origins import data_trained_on, origin_of
from butfor.workflow.read_again import read_again_if_changed

Training = dict[str, Any]
COMPLETE = ".snakemake_timestamp"  # in a folder that Snakemake has noted as complete
METADATA = Path(".snakemake") / "metadata"
TOKEN = re.compile("'[0-9a-f]{16}'")
USED = "{}, {}: {} records of earlier trainings with the same recipe are used."
LONGEST_NAME = 254  # characters, into which Snakemake cuts the names of its notes

_receipt_of = read_again_if_changed(job_folder.read, receipt_beside)


def token(results: Path, training: Training, look: str) -> str:
    """What Snakemake is told that a folder of records is made from: the same as when it was made, while that follows from the
    same, and else another. (Snakemake compares it with the last, and does not know which differences matter.)"""
    runs = results / RUNS.format(arm=training["arm"], look=look)
    receipt = _receipt_of(runs)
    data = data_trained_on(results)(training) if receipt else ""
    if receipt and _is_asked_for(receipt, training, data):
        noted = _noted(runs) or receipt.token  # which differ as --touch leaves them
        return noted if _has_predictions(runs, training) else fingerprint([noted, training["predictions"]])
    return fingerprint([origin_of(training, data), training["seeds"]])


def announcement(results: Path, training: Training, look: str) -> str:
    """What a job says of itself: whether it trains, or uses records that there are."""
    arm, used = training["arm"], used_seeds(results, training, look)
    if len(used) == len(training["seeds"]):
        return USED.format(arm, look, len(used))
    of_all = f" ({len(used)} of {len(training['seeds'])} records are of earlier trainings)" if used else ""
    return f"Train {arm}, {look}{of_all}"


def used_seeds(results: Path, training: Training, look: str) -> list[int]:
    """The seeds of a training whose records are there, in their place or among those of earlier trainings."""
    runs = results / RUNS.format(arm=training["arm"], look=look)
    receipt = _receipt_of(runs)
    if not receipt and not os.path.isdir(f"{results}/{EARLIER}"):  # as of each arm of a new study
        return []
    origin = origin_of(training, data_trained_on(results)(training))
    in_place = receipt.seeds if receipt and receipt.origin == origin else []
    has_earlier = earlier.has_any(results, origin)
    if not in_place and not has_earlier:
        return []
    return [
        seed
        for seed in training["seeds"]
        if (has_earlier and _has_any(earlier.place_of(results, origin, seed), training))
        or (seed in in_place and _has_any(record_in(runs, seed), training))
    ]


def is_in_place(results: Path, training: Training, look: str) -> bool:
    """Whether the folder of a training's records is there as it is asked for, whole, with the predictions that are needed."""
    runs = results / RUNS.format(arm=training["arm"], look=look)
    receipt, data = _receipt_of(runs), data_trained_on(results)(training)
    known = bool(data and receipt and (runs / COMPLETE).exists() and _is_asked_for(receipt, training, data))
    return known and _has_predictions(runs, training)


def has_any(results: Path, plan: Iterable[tuple[str, Training]]) -> bool:
    """Whether any folder of records is as the plan asks for. plan: each look with the training of an arm."""
    data = data_trained_on(results)
    places = ((results / RUNS.format(arm=t["arm"], look=look), t) for look, t in plan if data(t))
    receipts = ((_receipt_of(runs), training) for runs, training in places if runs.is_dir())
    return any(receipt and _is_asked_for(receipt, training, data(training)) for receipt, training in receipts)


def _has_any(record: Path, training: Training) -> bool:
    """Whether a record is there, with the predictions that its study needs."""
    return record.exists() and kept_predictions.holds(record, training["predictions"])


def _has_predictions(runs: Path, training: Training) -> bool:
    """Whether the records of a folder have the predictions that their study needs."""
    return all(kept_predictions.holds(record_in(runs, seed), training["predictions"]) for seed in training["seeds"])


@dataclass(frozen=True)
class Inheritance:
    """What a start does with the records that there are, by folder: `kept` in `earlier/`, since the plan does not ask for them;
    `dropped` from there, since they are in their place; `taken` over by a training whose records are all there; `stale`, of
    which Snakemake has no note and would believe that they are as they should be. A job finds others by itself."""

    results: Path
    kept: dict[Path, Receipt]
    dropped: list[Receipt]
    taken: dict[Path, tuple[Training, str]]
    stale: list[Path]

    @property
    def messages(self) -> list[str]:
        """A line for each folder that is taken over."""
        return [USED.format(t["arm"], runs.name, len(t["seeds"])) for runs, (t, _) in self.taken.items()]

    def enter(self) -> None:
        """Do it. Only where no other start is at work."""
        for runs, receipt in self.kept.items():
            earlier.keep(runs, receipt)
        for receipt in self.dropped:  # after what a renamed arm has left, which has the same records
            earlier.drop(self.results, receipt)
        for runs, (training, origin) in self.taken.items():
            _assemble(self.results, runs, training, origin)
        for runs in self.stale:
            shutil.rmtree(runs)


def foreseen(results: Path, plan: Iterable[tuple[str, Training]]) -> Inheritance:
    """What a start with this plan inherits. plan: each look with the training of an arm."""
    data = data_trained_on(results)
    waiting = {results / RUNS.format(arm=t["arm"], look=look): t for look, t in plan if data(t)}
    receipts = _records_with_receipts(results) if waiting else {}

    def is_in_place(runs: Path, receipt: Receipt) -> bool:
        training = waiting.get(runs)
        return bool(training and _is_asked_for(receipt, training, data(training)) and _has_predictions(runs, training))

    asked = {runs: receipt for runs, receipt in receipts.items() if is_in_place(runs, receipt)}
    kept = {runs: receipt for runs, receipt in receipts.items() if runs not in asked}
    records = {
        (receipt.origin, seed): record_in(runs, seed) for runs, receipt in kept.items() for seed in receipt.seeds
    }
    taken, stale = {}, []
    for runs, training in waiting.items():
        if runs in asked:
            continue
        origin = origin_of(training, data(training))
        places = [(earlier.place_of(results, origin, seed), records.get((origin, seed))) for seed in training["seeds"]]
        parts = training["predictions"]
        if all(any(earlier.is_whole(place, parts) for place in filter(None, either)) for either in places):
            taken[runs] = training, origin
        elif runs in receipts and _noted(runs) is None:
            stale.append(runs)
    return Inheritance(results, kept, list(asked.values()), taken, stale)


def outdated(results: Path, plan: Iterable[tuple[str, Training]]) -> set[Path]:
    """The folders of records that the plan would train anew: what is made of them would have them trained first."""
    data = data_trained_on(results)
    waiting = {results / RUNS.format(arm=t["arm"], look=look): t for look, t in plan if data(t)}
    receipts = _records_with_receipts(results) if waiting else {}
    return {
        runs
        for runs, training in waiting.items()
        if runs in receipts and not _is_asked_for(receipts[runs], training, data(training))
    }


def protect(results: Path, plan: Iterable[tuple[str, Training]], is_forced: Callable[[Path], bool]) -> None:
    """Before the first job: have `earlier/` hold the records that are in their place too. Where a training is forced, forget
    those that it would find, so that it is one."""
    data = data_trained_on(results)
    for runs, receipt in _records_with_receipts(results).items():
        if not is_forced(runs):
            earlier.keep(runs, receipt)
    for look, training in plan:
        if is_forced(results / RUNS.format(arm=training["arm"], look=look)):
            earlier.drop(results, Receipt("", training["seeds"], origin_of(training, data(training))))


def settle(results: Path, plan: Iterable[tuple[str, Training]]) -> None:
    """After the last job: forget the earlier records that are in their place."""
    for receipt in foreseen(results, plan).dropped:
        earlier.drop(results, receipt)


def _records_with_receipts(results: Path) -> dict[Path, Receipt]:
    """The folders of records of which it is known what they follow from."""
    jobs = {runs: _receipt_of(runs) for runs in jobs_of(results) if runs.is_dir()}
    return {runs: receipt for runs, receipt in jobs.items() if receipt and receipt.origin}


def _is_asked_for(receipt: Receipt, training: Training, data: str) -> bool:
    return receipt.seeds == training["seeds"] and receipt.origin == origin_of(training, data)


def _assemble(results: Path, runs: Path, training: Training, origin: str) -> None:
    """Make a folder of records from earlier ones, which then are in their place."""
    before, seeds, waiting = _receipt_of(runs), training["seeds"], job_folder.waiting(runs, origin)
    for seed in seeds:
        device = earlier.take_over(
            results, origin, seed, training["arm"], record_in(waiting, seed), training["predictions"]
        )
    (waiting / ".snakemake_timestamp").touch()
    noted = _noted(runs) or (before.token if before else "") or fingerprint([origin, seeds])
    shutil.rmtree(runs, ignore_errors=True)
    receipt = Receipt(earlier.mark(origin, device), seeds, origin, noted)
    job_folder.write(runs, receipt)
    waiting.rename(runs)
    earlier.drop(results, receipt)


def noted_inputs(path: Path, below: Path) -> list[str]:
    """What Snakemake has noted in this working folder that a file was made from, as far as it lies below a folder."""
    inputs: list[str] = (_note(path) or {}).get("input") or []
    return [file for file in inputs if below in Path(file).parents]


def _noted(path: Path) -> str | None:
    """What Snakemake has noted in this working folder that a file is made from, among its parameters; "" if none of them is a
    token, None if it has no note of the file."""
    note = _note(path)
    if note is None or "params" not in note:
        return None
    return next((param[1:-1] for param in note["params"] or () if TOKEN.fullmatch(param)), "")


def _note(path: Path) -> dict[str, Any] | None:
    """Snakemake's note of a file; None if it has none that can be read."""
    name = urlsafe_b64encode(os.fspath(path).encode()).decode()
    parts = [name[start : start + LONGEST_NAME] for start in range(0, len(name), LONGEST_NAME)]
    try:
        note = json.loads(METADATA.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1]).read_text())
    except (OSError, ValueError):
        return None
    return note if isinstance(note, dict) else None
