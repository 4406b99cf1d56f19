"""The records of a study as pandas tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from butfor.arm_names import data_set_of
from butfor.recipe.watched_figures import figure_name
from butfor.records import measures
from butfor.records.record import Record
from butfor.records.results_folder import EARLIER, MEASURES, RUNS_FOLDER, asked_for, records_below, records_of
from butfor.records.stored_record import stored

WORDS = {
    "arm",
    "data",
    "reference",
    "family",
    "key",
    "level",
    "name",
    "a",
    "b",
    "status",
    "reason",
    "fingerprint",
    "verdict",
}


def load_study(results: str | Path, earlier: bool = False) -> pd.DataFrame:
    """Every run that a study asks for as one table, a row per (arm, seed); `earlier`: also those that it has asked for before.

    Columns: arm, data (its data set, of several; of one, its name), seed, status, reason, fingerprint, the final metrics
    (`test/accuracy`, … and those that the study asks for), `recipe.<key>` for each setting, `seconds.<phase>`, device and loop.
    Raises RecordError, and FileNotFoundError if no study has run there.
    """
    return runs_table(_records(Path(results), earlier))


def load_history(results: str | Path, earlier: bool = False) -> pd.DataFrame:
    """Every epoch of every run of a study, a row per (arm, seed, epoch), with the columns of a record's history.
    Raises RecordError, and FileNotFoundError if no study has run there.
    """
    return history_table(_records(Path(results), earlier))


def load_table(path: str | Path) -> pd.DataFrame:
    """A table of `tables/`, in which the names of arms, levels and keys stay the words that they are, also where they read as
    numbers or as missing values (`nan`, `1e3`)."""
    columns = pd.read_csv(path, nrows=0).columns
    words = {column: str for column in columns if column in WORDS}
    return pd.read_csv(path, dtype=words, keep_default_na=False, na_values=[""])


def records_under(folder: Path) -> list[Record]:
    """All records below a folder, by path, without those of jobs that have not ended. Raises RecordError."""
    return [stored(path) for path in records_below(folder)]


def records_in(folders: Iterable[Path | str], measured: Iterable[Path | str] = ()) -> list[Record]:
    """The records in the folders of some jobs: the arms in the order of the folders, the seeds of an arm in ascending order.
    measured: the files with their values by the metrics that the study asks for. Raises RecordError.
    """
    written: list[Record] = [stored(path) for folder in folders for path in records_of(Path(folder))]
    records = list(measures.merged(written, measured))
    places = {name: place for place, name in enumerate(dict.fromkeys(record.arm for record in records))}
    return sorted(records, key=lambda record: (places[record.arm], record.seed))


def runs_table(records: Iterable[Record]) -> pd.DataFrame:
    """A table with one row per record; for the columns see load_study."""
    return pd.DataFrame([_row(record) for record in records])


def history_table(records: Iterable[Record]) -> pd.DataFrame:
    """A table with one row per epoch of each record; for the columns see load_history."""
    return pd.DataFrame([row for record in records for row in epoch_rows(record)])


def epoch_rows(record: Record) -> list[dict[str, Any]]:
    """A row per epoch of a record."""
    return [{"arm": record.arm, "seed": record.seed, **epoch} for epoch in record.history]


def _records(results: Path, earlier: bool) -> list[Record]:
    runs = results / RUNS_FOLDER
    if not runs.is_dir():
        raise FileNotFoundError(f"expected the results folder of a study, with `runs` in it, received {results}")
    asked = asked_for(results)
    present = [path for path in records_below(runs) if asked is None or path.parent in asked]
    before = sorted({*records_below(runs), *(results / EARLIER).glob("*/seed_*.json")} - {*present})
    written: list[Record] = [stored(path) for path in (*present, *(before if earlier else ()))]
    return list(measures.merged(written, (results / MEASURES).parent.glob("look*.json")))


def _row(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {
        "arm": record.arm,
        "data": data_set_of(record.arm) or record.data.get("name", ""),
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
            row.update({f"recipe.{key}.{inner}": _plain(setting) for inner, setting in value.items()})
        else:
            row[f"recipe.{key}"] = value
    row.update({f"seconds.{phase}": seconds for phase, seconds in record.timing["seconds"].items()})
    return row


def _plain(setting: Any) -> Any:
    """A setting inside a choice; of a metric that is watched its name."""
    return figure_name(setting) if isinstance(setting, dict) and "score" in setting else setting
