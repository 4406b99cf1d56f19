"""A record of which only the small part is kept in memory: the rest is read again from its file when it is asked for.

So a stage may hold the records of any number of runs. What has been read last stays, as far as it takes little memory, in the
records themselves, and goes with them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import weakref
from pathlib import Path
from typing import Any

from butfor.records import files
from butfor.records.packed_rates import unpacked
from butfor.records.record import FORMAT, Record, read

LARGE = ("history", "learning_rate", "structure", "optimiser", "layers", "draws", "chance", "trial")
NOT_FINITE = (b'"nan"', b'"inf"', b'"-inf"')
NAMES = {field.name for field in dataclasses.fields(Record)}
MOST = 100_000_000  # bytes of the files whose large parts stay in memory; there they take several times as much


class StoredRecord(Record):
    """The record in a file; see Record."""

    _path: Path

    def __getattr__(self, name: str) -> Any:
        if name not in LARGE:
            raise AttributeError(name)
        fields = _fields(self._path)
        _large_parts.keep(self, fields)
        return fields[name]


def stored(path: Path) -> StoredRecord:
    """The record in a file. Raises RecordError."""
    fields = _fields(path)
    record = object.__new__(StoredRecord)
    small = {name: value for name, value in fields.items() if name not in LARGE}
    known = _recipes.setdefault(fields["fingerprint"], fields["recipe"])  # which the records of an arm share
    small["recipe"] = known if known == fields["recipe"] else fields["recipe"]
    vars(record).update(small, _path=path)
    _large_parts.keep(record, fields)
    return record


def _fields(path: Path) -> dict[str, Any]:
    """What is in a record's file, without a look at each number where none is written as a word. Raises RecordError."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):  # which `read` puts into words
        content = path.read_bytes()
        if not any(word in content for word in NOT_FINITE) and files.is_sealed(content):
            fields: dict[str, Any] = json.loads(content)
            del fields["sha256"]
            fields["learning_rate"] = unpacked(fields["learning_rate"])
            if fields["format"] == FORMAT and fields.keys() == NAMES:
                return fields
    return vars(read(path))


class _LargeParts:
    """The records that hold their large parts, in the order in which these were read, and the sizes of their files."""

    def __init__(self) -> None:
        self._holders: dict[int, tuple[weakref.ref[StoredRecord], int]] = {}
        self._total = 0

    def keep(self, record: StoredRecord, fields: dict[str, Any]) -> None:
        vars(record).update({name: fields[name] for name in LARGE})
        number, size = id(record), record._path.stat().st_size
        self._holders[number] = weakref.ref(record, lambda _: self._forget(number)), size
        self._total += size
        while self._total > MOST and len(self._holders) > 1:
            self._forget(next(iter(self._holders)))

    def _forget(self, number: int) -> None:
        """Take the parts from a record, or count those of one that is gone no more."""
        holder, size = self._holders.pop(number)
        self._total -= size
        if (record := holder()) is not None:
            for name in LARGE:
                vars(record).pop(name, None)


_large_parts = _LargeParts()
_recipes: dict[str, dict[str, Any]] = {}
