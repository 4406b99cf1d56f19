"""A record of which only the small part is kept in memory: the rest is read again from its file when it is asked for.

So a stage may hold the records of any number of runs. What has been read last stays, as far as it takes little memory.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections import OrderedDict
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
        return _large_parts.of(self._path)[name]


def stored(path: Path) -> StoredRecord:
    """The record in a file. Raises RecordError."""
    fields = _fields(path)
    _large_parts.keep(path, {name: fields[name] for name in LARGE})
    record = object.__new__(StoredRecord)
    small = {name: value for name, value in fields.items() if name not in LARGE}
    known = _recipes.setdefault(fields["fingerprint"], fields["recipe"])  # which the records of an arm share
    small["recipe"] = known if known == fields["recipe"] else fields["recipe"]
    vars(record).update(small, _path=path)
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
    """Those of the records that were read last."""

    def __init__(self) -> None:
        self._parts: OrderedDict[Path, dict[str, Any]] = OrderedDict()
        self._sizes: dict[Path, int] = {}
        self._total = 0

    def of(self, path: Path) -> dict[str, Any]:
        if path not in self._parts:
            fields = _fields(path)
            self.keep(path, {name: fields[name] for name in LARGE})
        self._parts.move_to_end(path)
        return self._parts[path]

    def keep(self, path: Path, parts: dict[str, Any]) -> None:
        self._total -= self._sizes.get(path, 0)
        self._parts[path], self._sizes[path] = parts, path.stat().st_size
        self._total += self._sizes[path]
        while self._total > MOST and len(self._parts) > 1:
            first, _ = self._parts.popitem(last=False)
            self._total -= self._sizes.pop(first)


_large_parts = _LargeParts()
_recipes: dict[str, dict[str, Any]] = {}
