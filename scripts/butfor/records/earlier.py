"""Records of earlier trainings: kept by what they follow from, so that whoever asks for the same again finds them.

A record follows from its recipe, seed and data, the code and its versions, and from no name: neither its arm's nor its look's.
Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from butfor.fingerprint import fingerprint
from butfor.records import files, kept_predictions
from butfor.records.files import write_atomically
from butfor.records.job_folder import Receipt
from butfor.records.results_folder import EARLIER, JobPlace, record_in

# Of a training's parameters, what its records' origin does not depend on.
ASIDE = ("arm", "seeds", "token", "predictions")


def origin(training: dict[str, Any], data: str) -> str:
    """16 hexadecimal digits that stand for all that a training's records follow from but their seeds and the device.

    training: see parameters.training. data: the fingerprint of the arrays.
    """
    made_of = {key: value for key, value in training.items() if key not in ASIDE}
    return fingerprint([made_of, data])


def mark(of: str, device: str) -> str:
    """16 hexadecimal digits that stand for all that decides the numbers of records of that origin."""
    return fingerprint([of, device])


def place_of(results: Path, of: str, seed: int) -> Path:
    """The place of an earlier record of that origin."""
    return record_in(results / EARLIER / of, seed)


def has_any(results: Path, of: str) -> bool:
    """Whether there may be earlier records of that origin, of whatever seeds."""
    return os.path.isdir(f"{results}/{EARLIER}/{of}")


def keep(runs: Path, receipt: Receipt) -> None:
    """Keep the records of a folder that the study does not ask for any more, with their predictions; as links, where the file
    system has them. One that has predictions takes the place of one without."""
    for seed in receipt.seeds:
        record, kept = record_in(runs, seed), place_of(JobPlace(runs).results, receipt.origin, seed)
        has_more = kept_predictions.beside(record).exists() and not kept_predictions.beside(kept).exists()
        if not record.exists() or (kept.exists() and not has_more):
            continue
        kept.parent.mkdir(parents=True, exist_ok=True)
        _link(record, kept)
        if has_more:
            _link(kept_predictions.beside(record), kept_predictions.beside(kept))


def _link(file: Path, kept: Path) -> None:
    part = kept.with_name(f".{kept.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    try:
        os.link(file, part)
    except OSError:
        shutil.copy2(file, part)
    part.replace(kept)
    part.unlink(missing_ok=True)  # which stays where both are links of one file


def drop(results: Path, receipt: Receipt) -> None:
    """Forget earlier records that the study has in their place again, so that a training that is forced is one."""
    for seed in receipt.seeds:
        kept = place_of(results, receipt.origin, seed)
        kept.unlink(missing_ok=True)
        kept_predictions.beside(kept).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty, or not there
        (results / EARLIER / receipt.origin).rmdir()
        (results / EARLIER).rmdir()


def take_over(results: Path, of: str, seed: int, arm: str, path: Path, parts: Iterable[str] = ()) -> str:
    """Write the earlier record of that origin and seed, if there is a whole one, to `path`, under the name of the arm, and
    its predictions beside it; the device that trained it, or "" if there is none. parts: of the data, on which there must be
    predictions."""
    kept = place_of(results, of, seed)
    if not is_whole(kept, parts):
        return ""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept_predictions.beside(path).unlink(missing_ok=True)
    if kept_predictions.beside(kept).exists():
        _link(kept_predictions.beside(kept), kept_predictions.beside(path))
    fields = json.loads(kept.read_bytes())
    del fields["sha256"]
    write_atomically(path, files.sealed(json.dumps({**fields, "arm": arm}, ensure_ascii=False)))
    return str(fields["machine"]["device"])


def is_whole(record: Path, parts: Iterable[str] = ()) -> bool:
    """Whether a record is there, and undamaged, with predictions on these parts of the data."""
    return record.is_file() and files.is_sealed(record.read_bytes()) and kept_predictions.holds(record, parts)
