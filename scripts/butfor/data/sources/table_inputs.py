"""The columns of a table that are inputs: which they are, what they are called once they are encoded, and what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from butfor.data.dataset import Array, DataError
from butfor.data.sources.column_kinds import Kind, check_named
from butfor.data.sources.encoded_columns import EncodedColumn
from butfor.recipe.categories import Categorical

Settings = dict[str, Any]
Table = pd.DataFrame
ALL = "all"
SHOWN = 10  # columns that a message names


def input_names(train: Table, settings: Settings, target: list[str]) -> list[str]:
    """The names of the columns that are inputs."""
    there, source = list(map(str, train.columns)), settings["file"]
    asked_for, weights = listed(settings), settings["weights"]
    asked = {
        "columns": asked_for,
        "drop": settings["drop"],
        "types": settings["types"],
        "weights": [weights] if weights else [],
    }
    for key, columns in asked.items():
        check_named(
            list(columns), there, f"data.{'inputs' if key == 'columns' and settings['inputs'] else key}", source
        )
    grouping = {
        "data.groups": settings.get("groups"),
        "replicates.groups": (settings.get("folds") or {}).get("groups"),
    }
    for key, column in grouping.items():  # before the column that was meant is taken for an input
        check_named([column] if column else [], there, key, source)
    both = [name for name in asked_for if name in target]
    if both:
        raise DataError(f"{source}: data.columns: expected inputs, received {', '.join(both)}, which is the target.")
    left = {*target, *settings["drop"], settings["part"], weights, settings.get("groups")}
    left |= {(settings["test"] or {}).get("column"), (settings.get("folds") or {}).get("groups")}
    names = asked_for or [name for name in there if name not in left]
    if unused := [name for name in settings["types"] if name not in names]:
        raise DataError(
            f"{source}: data.types: expected columns that are inputs, received {', '.join(unused)}, which is none."
        )
    if not names:
        raise DataError(f"{source}: expected a column beside {', '.join(sorted(filter(None, left)))}, received none.")
    return names


def left_out(table: Table, names: list[str], target: list[str]) -> str:
    """The columns that are neither inputs nor to be predicted, in words; empty if there are none."""
    others = [str(name) for name in table.columns if name not in names and name not in target]
    more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    return f"; left out: {', '.join(others[:SHOWN])}{more}" if others else ""


def embedded_types(settings: Settings, names: list[str]) -> dict[str, str]:
    """What the study says that columns are: those that it names as embedded are categories. Raises DataError."""
    asked = [] if settings["embedded"] in (None, ALL) else settings["embedded"]
    for name in asked:
        if name not in names or settings["types"].get(name) == "number":
            what = "a number by data.types" if name in names else "none"
            raise DataError(
                f"{settings['file']}: data.embedded: expected columns of categories that are inputs, received {name}, which is"
                f" {what}. Columns: {', '.join(names[:SHOWN])}{', …' * (len(names) > SHOWN)}."
            )
    return {**settings["types"], **dict.fromkeys(asked, "categorical")}


def embedded(settings: Settings, kinds: dict[str, Kind]) -> list[str]:
    """The columns whose categories are stored as numbers. Raises DataError if all are to be, and there are none."""
    if settings["embedded"] is None:
        return []
    categories = [name for name, kind in kinds.items() if kind == "categorical" and settings["embedded"] in (ALL,)]
    if settings["embedded"] == ALL and not categories:
        raise DataError(
            f"{settings['file']}: data.embedded: expected columns of categories among the inputs, received none. Name those that"
            " are, as embedded: [ward], or leave it out."
        )
    return categories or list(settings["embedded"])


def categorical(columns: list[EncodedColumn], inputs: dict[str, list[str]]) -> tuple[Categorical, ...]:
    """Where the numbers of categories stand, of several inputs in each."""
    by_name = {column.name: column for column in columns}
    places = []
    for key, members in (inputs or {"": list(by_name)}).items():
        at = 0
        for name in members:
            column = by_name[name]
            if column.embedded:
                places.append(Categorical(name, at, len(column.categories) + 1, key))
            at += len(column.names)
    return tuple(places)


def names_of(encoded: dict[str, list[str]], inputs: dict[str, list[str]]) -> Any:
    """The names of the columns as they are encoded, of several inputs by name."""
    if not inputs:
        return [name for names in encoded.values() for name in names]
    return {key: [name for column in columns for name in encoded[column]] for key, columns in inputs.items()}


def together(columns: list[EncodedColumn], encoded: list[Array], inputs: dict[str, list[str]]) -> Any:
    """Encoded columns as one array, or as several inputs by name."""
    if not inputs:
        return np.concatenate(encoded, axis=1)
    by_name = {column.name: values for column, values in zip(columns, encoded, strict=True)}
    return {key: np.concatenate([by_name[name] for name in names], axis=1) for key, names in inputs.items()}


def listed(settings: Settings) -> list[str]:
    """The columns that are named as inputs, if any are."""
    return list(
        dict.fromkeys([*settings["columns"], *(name for names in settings["inputs"].values() for name in names)])
    )


def filled(columns: list[EncodedColumn], tables: dict[str, Table], missing: str) -> str:
    """What became of gaps, in words; empty if there are none. tables: the inputs of each part. missing: `data.missing`."""
    counts = pd.concat(tables.values()).isna().sum()
    gaps = [column for column in columns if counts[column.name]]
    how = {"median": "median", "indicator": "mean, with a column that says where"}.get(missing, "mean")
    became = {
        f"gaps filled by the training rows' {how}": [each.name for each in gaps if each.kind != "categorical"],
        "gaps that are a category of their own": [each.name for each in gaps if each.kind == "categorical"],
    }
    return "".join(
        f"; {what}: {', '.join(f'{name} {counts[name]}' for name in names[:SHOWN])}{', …' * (len(names) > SHOWN)}"
        for what, names in became.items()
        if names
    )


def counted(columns: list[EncodedColumn]) -> str:
    count = sum(len(column.names) for column in columns)
    encoded = f", encoded as {count}" if count != len(columns) else ""
    numbers = [f"{column.name} ({len(column.categories)} categories)" for column in columns if column.embedded]
    shown = ", ".join(numbers[:SHOWN]) + (f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else "")
    encoded += f", embedded {shown}" if numbers else ""
    return f"{len(columns)} column{'s' * (len(columns) > 1)}{encoded}"
