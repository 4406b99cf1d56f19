"""The records of a study an arm at a time: all together may be larger than what stays in memory, and each file is read once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from butfor.records.record import Record
from butfor.records.results_folder import records_of
from butfor.records.stored_record import stored

HEAD = '{"arm": '  # of a record's file
LONGEST_HEAD = 2048  # bytes, in which the longest name of an arm ends


class RecordsByArm:
    """The records in the folders of some jobs, each of which has trained one arm."""

    def __init__(self, folders: Iterable[Path | str]) -> None:
        self._paths: dict[str, list[Path]] = {}
        for paths in filter(None, (records_of(Path(folder)) for folder in folders)):
            self._paths.setdefault(_arm_in(paths[0]), []).extend(paths)

    def of(self, arm: str) -> dict[int, Record]:
        """An arm's records by seed, in ascending order, read anew; none of an arm that has none. Raises RecordError."""
        records = sorted(map(stored, self._paths.get(arm, ())), key=lambda record: record.seed)
        return {record.seed: record for record in records}


def _arm_in(path: Path) -> str:
    """The arm that a record is of, which stands first in its file. Raises RecordError."""
    with path.open("rb") as file:
        head = file.read(LONGEST_HEAD).decode("utf-8", "ignore")
    try:
        arm, _ = json.JSONDecoder().raw_decode(head, len(HEAD))
    except ValueError:
        arm = None
    return arm if isinstance(arm, str) and head.startswith(HEAD) else stored(path).arm
