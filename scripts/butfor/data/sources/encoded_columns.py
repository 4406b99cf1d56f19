"""The columns of a table as numbers: everything that is fitted, categories and what fills gaps, is fitted on training rows."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from butfor.data.dataset import Array, DataError
from butfor.data.sources.column_kinds import Kind

GAP = "missing"  # what a category that is missing is called
SHOWN = 10  # columns that a message names
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodedColumn:
    """A column as it is encoded: the values of categories, each a column of 0 and 1, or what fills the gaps of numbers.

    with_gaps: whether a further column says where there was a gap. embedded: whether categories are one column of their numbers,
    from 1 on, instead.
    """

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    fill: float = 0.0
    with_gaps: bool = False
    embedded: bool = False

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        if self.kind == "categorical" and not self.embedded:
            return [f"{self.name}={category}" for category in self.categories]
        return [self.name, *([f"{self.name} is {GAP}"] if self.with_gaps else [])]

    def encoded(self, values: pd.Series[Any], part: str, source: str) -> Array:
        """The values as float32 `(n, columns)`. Raises DataError for text among numbers."""
        if self.kind == "categorical":
            places = self._places(words(values), part, source)
            return (places + 1).astype(np.float32)[:, None] if self.embedded else self._hot(places)
        given = numbers(values, f"{source}: {self.name}, {part} part")
        gaps = np.isnan(given)
        filled = np.where(gaps, self.fill, given).astype(np.float32)
        return np.column_stack([filled, gaps.astype(np.float32)]) if self.with_gaps else filled[:, None]

    def _places(self, values: pd.Series[Any], part: str, source: str) -> Array:
        """Where each value stands among the categories; -1 for one that no training row has."""
        places = pd.Index(self.categories).get_indexer(pd.Index(values))
        unknown = values[places < 0]
        if len(unknown):
            shown = ", ".join(map(str, unknown.unique()[:SHOWN]))
            log.info(
                "%s: %s: %d of %d rows of the %s part have values that no training row has (%s): %s",
                source, self.name, len(unknown), len(values), part, shown, "number 0" if self.embedded else "all zeros",
            )  # fmt: skip
        return np.asarray(places)

    def _hot(self, places: Array) -> Array:
        hot = np.zeros((len(places), len(self.categories)), np.float32)
        known = np.flatnonzero(places >= 0)
        hot[known, places[known]] = 1
        return hot


def fitted(
    train: pd.DataFrame, kinds: dict[str, Kind], missing: str, embedded: Collection[str], source: str
) -> list[EncodedColumn]:
    """How each column is encoded, by the training rows. missing: the study's `data.missing`. embedded: the columns that are.
    Raises DataError."""
    columns = []
    for name, kind in kinds.items():
        if kind == "categorical":
            columns.append(EncodedColumn(name, kind, categories=_categories(train[name]), embedded=name in embedded))
            continue
        given = numbers(train[name], f"{source}: {name}, train part")
        gaps, present = np.isnan(given), given[~np.isnan(given)]
        middle = np.median(present) if missing == "median" else np.mean(present)
        columns.append(
            EncodedColumn(name, kind, fill=float(middle), with_gaps=missing == "indicator" and bool(gaps.any()))
        )
    return columns


def for_folds(columns: list[EncodedColumn]) -> tuple[list[EncodedColumn], list[tuple[int, int]]]:
    """The columns with their gaps left, which each fold fills, and where the categories of each begin and end."""
    ends = np.cumsum([len(column.names) for column in columns]).tolist()
    hot = [(end - len(c.names), end) for c, end in zip(columns, ends, strict=True) if c.categories and not c.embedded]
    return [replace(column, fill=np.nan) for column in columns], hot


def refuse_gaps(tables: dict[str, pd.DataFrame], source: str) -> None:
    """Raise DataError if a value is missing, with the counts by column. tables: the inputs of each part."""
    whole = pd.concat(tables.values())
    counts = whole.isna().sum()
    counts = counts[counts > 0].sort_values(ascending=False)
    if counts.empty:
        return
    shown = ", ".join(f"{name} {count}" for name, count in counts.head(SHOWN).items())
    more = f" and {len(counts) - SHOWN} columns more" if len(counts) > SHOWN else ""
    rows = int(whole.isna().any(axis=1).sum())
    raise DataError(
        f"{source}: expected a value everywhere, received none in {rows} of {len(whole)} rows ({shown}{more}). Write missing:"
        " median, mean or indicator, which are fitted on the training rows, or leave the rows or columns out. If NA or None"
        ' is a value of its own, write missing_values: [""].'
    )


def numbers(values: pd.Series[Any], where: str) -> Array:
    """The numbers of a column as float64, NaN where one is missing. Raises DataError."""
    if not pd.api.types.is_numeric_dtype(values):
        text = values[values.notna()]
        wrong = text[pd.to_numeric(text, errors="coerce").isna()]
        if len(wrong):
            raise DataError(f"{where}: expected numbers, received {len(wrong)} other values ({wrong.iloc[0]!r}).")
        values = pd.to_numeric(values, errors="coerce")
    given = values.to_numpy(np.float64, na_value=np.nan)
    if infinite := int(np.isinf(given).sum()):
        raise DataError(
            f"{where}: expected finite numbers, received infinity in {infinite} rows. Leave these rows out."
        )
    return given


def words(values: pd.Series[Any]) -> pd.Series[Any]:
    """The values of a column of categories as text, a gap as GAP."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")  # whole numbers, which are fractions only beside gaps
    return values.astype(object).where(values.notna(), GAP).map(lambda value: str(value).strip())


def _categories(values: pd.Series[Any]) -> tuple[str, ...]:
    spelt = words(values)
    gap = [GAP] if values.isna().any() else []
    is_number = pd.api.types.is_numeric_dtype(values)
    return (*sorted(set(spelt) - set(gap), key=lambda word: (float(word), word) if is_number else (0.0, word)), *gap)
