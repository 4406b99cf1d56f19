"""A table as a source of data: CSV or Parquet, a row per example, with the columns that are inputs and those to be predicted."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from butfor.data.dataset import WEIGHTS, Array, DataError
from butfor.data.place_digests import place_digests
from butfor.data.sources import table_inputs
from butfor.data.sources.brought import Brought
from butfor.data.sources.column_kinds import check_named, kinds
from butfor.data.sources.encoded_columns import fitted, for_folds, numbers, refuse_gaps
from butfor.data.sources.table_file import read_table
from butfor.data.sources.test_part import test_rows, test_words
from butfor.user_code.files_read import FilesRead

Settings = dict[str, Any]
Table = pd.DataFrame

PARTS = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "val": ("validation", "valid", "val", "dev"),
}  # what a column that says the part calls them
SHOWN = 10  # columns that a message names
log = logging.getLogger(__name__)


def from_table(settings: Settings) -> Brought:
    """The arrays of a table. settings: the study's `data`. Raises DataError."""
    read = FilesRead(place_digests(settings, "file", "test_file", "validation_file"))
    parts, chosen = table_parts(settings)
    source, target = settings["file"], as_list(settings["target"])
    names = table_inputs.input_names(parts["train"], settings, target)
    tables = {part: table[names] for part, table in parts.items()}
    if settings["missing"] == "refuse":
        refuse_gaps(tables, source)
    types = table_inputs.embedded_types(settings, names)
    kind_of = kinds(tables["train"], types, table_inputs.listed(settings), source)
    columns = fitted(tables["train"], kind_of, settings["missing"], table_inputs.embedded(settings, kind_of), source)
    numbered = table_inputs.categorical(columns, settings["inputs"])
    hot: list[tuple[int, int]] = []
    again: dict[str, Any] = {"categorical": numbered}
    if settings.get("folds"):
        _refuse_several(settings, source)
        columns, hot = for_folds(columns)
        again["numbered"] = tuple(column.place for column in numbered)
    arrays: dict[str, Any] = {}
    for part, table in tables.items():
        encoded = [column.encoded(table[column.name], part, source) for column in columns]
        arrays[f"x_{part}"] = table_inputs.together(columns, encoded, settings["inputs"])
        arrays[f"y_{part}"] = targets(parts[part], settings["target"], f"{source}, {part} part")
    if settings["weights"]:
        arrays[WEIGHTS] = numbers(
            parts["train"].loc[:, settings["weights"]], f"{source}: {settings['weights']}, train part"
        )
    if name := (settings.get("folds") or {}).get("groups"):
        arrays["groups"] = words_of(groups_of(parts["train"], name, "replicates.groups", source))
    groups = {
        part: _raw(groups_of(table, settings["groups"], "data.groups", source))
        for part, table in parts.items()
        if settings.get("groups")
    }
    left = table_inputs.left_out(parts["train"], names, target)
    filled = table_inputs.filled(columns, tables, settings["missing"])
    fill = {"refuse": "", "median": "median"}.get(settings["missing"], "mean") if settings.get("folds") else ""
    if (test := settings["test"]) and test["by"] == "group":
        again["together"] = words_of(parts["train"][test["column"]])
    again |= {"fill": fill if filled else "", "hot": tuple(hot), "groups": groups}
    words = f"{source} ({', '.join(target)} by {table_inputs.counted(columns)}; {chosen}{filled}{left})"
    log.info("%s", words)
    columns_of = {column.name: column.names for column in columns}
    return Brought(arrays, words, read, table_inputs.names_of(columns_of, settings["inputs"]), pixels=False, **again)


def _refuse_several(settings: Settings, source: str) -> None:
    if settings["inputs"]:
        raise DataError(
            f"{source}: expected one input with folds, whose columns are filled and encoded again for each, received data.inputs."
            " Write columns: instead, or give the arrays by a function of your own."
        )


def table_parts(settings: Settings) -> tuple[dict[str, Table], str]:
    """The rows of each part, and in words how the test part was chosen. Raises DataError."""
    source, target = settings["file"], as_list(settings["target"])
    whole = read_table(Path(source), settings)
    check_named(target, list(whole.columns), "data.target", source)
    others = {"val": _other_file("validation_file", whole, settings)} if settings["validation_file"] else {}
    if settings["test_file"]:
        test = _other_file("test_file", whole, settings)
        return {"train": whole, "test": test, **others}, f"{len(test)} test examples from {settings['test_file']}"
    if settings["part"]:
        return _named_parts(whole, settings)
    if not settings["test"]:  # folds of the whole
        return {"train": whole, **others}, f"{len(whole)} examples"
    parts, words = _split(whole, target, settings)
    return {**parts, **others}, words


def _other_file(key: str, whole: Table, settings: Settings) -> Table:
    """The rows of another file of the same columns as those of the `whole`."""
    other = read_table(Path(settings[key]), settings)
    missing = [name for name in whole.columns if name in _needed(settings, whole) and name not in other.columns]
    if missing:
        raise DataError(
            f"{settings[key]}: expected the columns of {settings['file']}, received none called {', '.join(missing[:SHOWN])}."
            f" What is to be predicted is needed too: without it, leave {key} out, and a share of the rows is set aside."
        )
    return other


def _split(whole: Table, target: list[str], settings: Settings) -> tuple[dict[str, Table], str]:
    source = settings["file"]
    column = settings["test"]["column"]
    check_named([column] if column else [], list(whole.columns), "data.test.column", source)
    if column and whole[column].isna().any():
        raise DataError(
            f"{source}: data.test.column: expected a value in each row, received none in"
            f" {int(whole[column].isna().sum())} of {column}."
        )
    stratified = settings["test"]["by"] == "stratified"
    classes = words_of(whole[column or target[0]]) if stratified else None
    chosen = test_rows(settings["test"], classes, whole[column].to_numpy() if column else None, len(whole), source)
    return {"train": whole[~chosen], "test": whole[chosen]}, test_words(settings["test"], chosen)


def targets(table: Table, target: str | list[str], where: str) -> Array:
    """What is to be predicted, as it was read: text, truth values or numbers `(n,)`, or numbers `(n, targets)`. Raises
    DataError."""
    gaps = {name: int(table[name].isna().sum()) for name in as_list(target)}
    if any(gaps.values()):
        shown = ", ".join(f"{count} of {name}" for name, count in gaps.items() if count)
        raise DataError(f"{where}: expected a target in each row, received none in {shown}. Leave these rows out.")
    if isinstance(target, list):
        return np.column_stack([_raw(table[name]) for name in target])
    return _raw(table[target])


def as_list(names: str | list[str]) -> list[str]:
    """A name or several as a list."""
    return [names] if isinstance(names, str) else list(names)


def words_of(column: pd.Series[Any]) -> Array:
    """Values as text, by which rows are told apart."""
    return column.astype(str).to_numpy(str)


def _raw(column: pd.Series[Any]) -> Array:
    if pd.api.types.is_bool_dtype(column):
        return column.to_numpy(bool)
    if pd.api.types.is_numeric_dtype(column) and not isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.to_numpy())
    return column.astype(str).str.strip().to_numpy(str)


def groups_of(table: Table, name: str, key: str, source: str) -> pd.Series[Any]:
    """The column of what stays together, such as patients. Raises DataError."""
    check_named([name], list(map(str, table.columns)), key, source)
    if gaps := int(table[name].isna().sum()):
        raise DataError(f"{source}: {key}: expected a value in each row, received none in {gaps} of {name}.")
    column: pd.Series[Any] = table[name]
    return column


def _needed(settings: Settings, table: Table) -> set[str]:
    target = as_list(settings["target"])
    return {*target, *([settings["text"]] if settings["text"] else table_inputs.input_names(table, settings, target))}


def _named_parts(table: Table, settings: Settings) -> tuple[dict[str, Table], str]:
    name, source = settings["part"], settings["file"]
    check_named([name], list(table.columns), "data.part", source)
    spelling = pd.Series([str(value).strip().lower() for value in table[name].fillna("")], table.index, str)
    parts = {part: table[spelling.isin(spelt)] for part, spelt in PARTS.items()}
    known = {word for spelt in PARTS.values() for word in spelt}
    if set(spelling) - known or parts["train"].empty or parts["test"].empty:
        received = ", ".join(repr(word) for word in sorted(set(spelling)))
        raise DataError(f"{source}: data.part: expected train, test, or validation in {name}, received {received}.")
    parts = {part: rows for part, rows in parts.items() if len(rows)}
    return parts, f"parts by {name}, {len(parts['test'])} of {len(table)} examples test"
