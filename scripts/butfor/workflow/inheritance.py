"""What a start inherits from earlier ones: records of the same recipe, seeds, data and code under another name or look.

Renamed arms, another number of seeds, a plan of other looks and a change that is taken back train only what is missing.
Standard library only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from butfor.fingerprint import fingerprint
from butfor.records import earlier, job_folder
from butfor.records.job_folder import Receipt
from butfor.records.results_folder import MANIFEST, RUNS, jobs_of, record_in

Training = dict[str, Any]
METADATA = Path(".snakemake") / "metadata"
TOKEN = re.compile("'[0-9a-f]{16}'")
LONGEST_NAME = 254  # characters, into which Snakemake cuts the names of its notes


def data_fingerprint(results: Path) -> str:
    """The fingerprint of the stored arrays; "" before there are any."""
    try:
        return str(json.loads((results / MANIFEST).read_text())["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def token(results: Path, training: Training, look: str) -> str:
    """What Snakemake is told that a folder of records is made from: the same as when it was made, while that follows from the
    same, and else another. (Snakemake compares it with the last, and does not know which differences matter.)"""
    runs = results / RUNS.format(arm=training["arm"], look=look)
    data = data_fingerprint(results)
    receipt = job_folder.read(runs)
    if receipt and _is_asked_for(receipt, training, data):
        return receipt.token
    return fingerprint([earlier.origin(training, data if receipt else ""), training["seeds"]])


def has_any(results: Path, plan: Iterable[tuple[str, Training]]) -> bool:
    """Whether any folder of records is as the plan asks for. plan: each look with the training of an arm."""
    data = data_fingerprint(results)
    if not data:
        return False
    places = ((results / RUNS.format(arm=training["arm"], look=look), training) for look, training in plan)
    receipts = ((job_folder.read(runs), training) for runs, training in places if runs.is_dir())
    return any(receipt and _is_asked_for(receipt, training, data) for receipt, training in receipts)


def inherit(results: Path, plan: Iterable[tuple[str, Training]], unbuilt: Iterable[str] = ()) -> Iterator[str]:
    """Keep the records that the plan does not ask for, and put those that it asks for in their place, if all of a folder are
    there; a job finds the others. Yields a line for each folder. Only where no other start is at work.

    plan: each look with the training of an arm. unbuilt: arms whose models are built again, after which Snakemake repeats
    their trainings: these find their records.
    """
    data = data_fingerprint(results)
    found = {place: job_folder.read(place) for place in jobs_of(results)}
    if not data or not found:
        return
    trainings = {results / RUNS.format(arm=training["arm"], look=look): training for look, training in plan}
    for runs, receipt in found.items():
        if receipt is None or not receipt.origin or not runs.is_dir():
            continue
        is_asked_for = runs in trainings and _is_asked_for(receipt, trainings[runs], data)
        if is_asked_for and runs.parent.name not in unbuilt:
            earlier.drop(results, receipt)
        else:
            earlier.keep(runs, receipt)
        if is_asked_for:
            del trainings[runs]
            if (noted := _noted(runs)) and noted != receipt.token:  # as --touch leaves it
                job_folder.write(runs, replace(receipt, token=noted))
    for runs, training in trainings.items():
        receipt = found.get(runs)
        if _assemble(results, runs, training, earlier.origin(training, data), receipt):
            count = len(training["seeds"])
            yield f"{training['arm']}, {runs.name}: {count} records of earlier trainings with the same recipe are used."
        elif receipt and receipt.origin and runs.is_dir() and _noted(runs) is None:
            shutil.rmtree(runs)  # of what Snakemake has no note it believes that it is as it should be


def _is_asked_for(receipt: Receipt, training: Training, data: str) -> bool:
    return receipt.seeds == training["seeds"] and receipt.origin == earlier.origin(training, data)


def _assemble(results: Path, runs: Path, training: Training, origin: str, before: Receipt | None) -> bool:
    """Make a folder of records from earlier ones, if all are there."""
    seeds = training["seeds"]
    if not all(earlier.is_whole(earlier.place_of(results, origin, seed)) for seed in seeds):
        return False
    waiting = job_folder.waiting(runs, origin)
    for seed in seeds:
        device = earlier.take_over(results, origin, seed, training["arm"], record_in(waiting, seed))
    (waiting / ".snakemake_timestamp").touch()
    told = _noted(runs) or (before.token if before else "") or fingerprint([origin, seeds])
    shutil.rmtree(runs, ignore_errors=True)
    job_folder.write(runs, Receipt(earlier.mark(origin, device), seeds, origin, told))
    waiting.rename(runs)
    return True


def _noted(path: Path) -> str | None:
    """What Snakemake has noted in this working folder that a file is made from, among its parameters; "" if none of them is a
    token, None if it has no note of the file."""
    name = urlsafe_b64encode(os.fspath(path).encode()).decode()
    parts = [name[start : start + LONGEST_NAME] for start in range(0, len(name), LONGEST_NAME)]
    try:
        params = json.loads(METADATA.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1]).read_text())["params"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return next((param[1:-1] for param in params or () if TOKEN.fullmatch(param)), "")
