"""A whole study's records as pandas tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from butfor.record import Record, read


def load_study(results: str | Path) -> pd.DataFrame:
    """Every run of a study as one table, a row per (arm, seed).

    Columns: arm, seed, status, reason, fingerprint, the final metrics (`test/accuracy`, …), `recipe.<key>` for each
    setting, `seconds.<phase>`, device and loop. Raises RecordError, and FileNotFoundError if no study has run there.
    """
    return runs_table(records_under(_runs_of(results)))


def load_history(results: str | Path) -> pd.DataFrame:
    """Every epoch of every run of a study, a row per (arm, seed, epoch), with the columns of a record's history.
    Raises RecordError, and FileNotFoundError if no study has run there.
    """
    return history_table(records_under(_runs_of(results)))


def records_under(folder: Path) -> list[Record]:
    """All records below a folder, by path; those of jobs that have not ended are left out."""
    return [read(path) for path in sorted(folder.glob("*/*/seed_*.json")) if not _hidden(path.relative_to(folder))]


def records_in(folders: Iterable[Path]) -> list[Record]:
    """The records of some jobs' folders, in the order of the folders and then of the seeds."""
    found = [read(path) for folder in folders for path in folder.glob("seed_*.json")]
    places = {name: place for place, name in enumerate(dict.fromkeys(record.arm for record in found))}
    return sorted(found, key=lambda record: (places[record.arm], record.seed))


def runs_table(records: Iterable[Record]) -> pd.DataFrame:
    """One row per record."""
    return pd.DataFrame([_row(record) for record in records])


def history_table(records: Iterable[Record]) -> pd.DataFrame:
    """One row per epoch of each record."""
    rows = [{"arm": record.arm, "seed": record.seed, **epoch} for record in records for epoch in record.history]
    return pd.DataFrame(rows)


def _runs_of(results: str | Path) -> Path:
    runs = Path(results) / "runs"
    if not runs.is_dir():
        raise FileNotFoundError(f"expected the results folder of a study, with `runs` in it, received {results}")
    return runs


def _row(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {
        "arm": record.arm,
        "seed": record.seed,
        "status": record.status,
        "reason": record.reason,
        "fingerprint": record.fingerprint,
        "parameters": record.parameters,
        "stopped_epoch": record.stopped_epoch,
        "restored_epoch": record.restored_epoch,
        **record.metrics,
        "device": record.machine["device"],
        "loop": record.loop,
    }
    for key, value in record.recipe.items():
        if isinstance(value, dict):
            row.update({f"recipe.{key}.{inner}": setting for inner, setting in value.items()})
        else:
            row[f"recipe.{key}"] = value
    row.update({f"seconds.{phase}": seconds for phase, seconds in record.timing["seconds"].items()})
    return row


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
