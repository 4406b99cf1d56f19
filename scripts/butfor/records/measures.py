"""What runs are worth by the metrics that a study asks for: files beside the records, which merge with them as they are read.

Standard library only.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from butfor.records.files import write_atomically
from butfor.records.record import Record


class Value(float):
    """What a run is worth by a metric, and its pseudo-values over groups of test examples (see metrics/jackknife), if known."""

    pseudo: Sequence[float] = ()

    @classmethod
    def of(cls, value: float, pseudo: Sequence[float] = ()) -> Value:
        """The value with its pseudo-values."""
        made = cls(value)
        made.pseudo = tuple(pseudo)
        return made


Values = Mapping[str, tuple[str, float]]  # by metric, with the key of what the value was computed from


def write(path: Path, runs: Iterable[tuple[Record, Values]]) -> None:
    """Write the values of some runs."""
    rows = [
        {"arm": record.arm, "seed": record.seed, "fingerprint": record.fingerprint, "values": _written(values)}
        for record, values in runs
    ]
    write_atomically(path, json.dumps({"runs": rows}, indent=1))


def known(paths: Iterable[Path | str]) -> dict[str, Value]:
    """The values in files of measures, those that there are, by what they were computed from."""
    return {key: value for path in paths for row in _rows(Path(path)) for key, value in row["values"].values()}


def _written(values: Values) -> dict[str, list[Any]]:
    return {
        name: [key, value, *([list(value.pseudo)] if isinstance(value, Value) and value.pseudo else [])]
        for name, (key, value) in values.items()
    }


def merged(records: Iterable[Record], paths: Iterable[Path | str]) -> Iterator[Record]:
    """The records, each with the values that the files have of it among its metrics."""
    values = {
        (row["arm"], row["seed"], row["fingerprint"]): row["values"] for path in paths for row in _rows(Path(path))
    }
    for record in records:
        own = values.get((record.arm, record.seed, record.fingerprint))
        yield _with(record, {name: value for name, (_, value) in own.items()}) if own else record


def _with(record: Record, values: Mapping[str, float]) -> Record:
    metrics = {**record.metrics, **values}
    if type(record) is Record:
        return dataclasses.replace(record, metrics=metrics)
    vars(record)["metrics"] = metrics  # one of which only the small part is in memory
    return record


def _rows(path: Path) -> list[dict[str, Any]]:
    """The runs in a file of measures; none where it is not there or damaged, since it is made anew."""
    try:
        rows: list[dict[str, Any]] = list(json.loads(path.read_text())["runs"])
        return [
            {**row, "values": {name: (key, Value.of(*rest)) for name, (key, *rest) in row["values"].items()}}
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []
