"""The test part that is split off a data set once, for all arms and seeds, as `data: {test: …}` says."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from butfor.data.dataset import Array, DataError

YEAR_FIRST = re.compile(r"\d{4}([-./]\d{1,2}){1,2}([ T].*)?")


def test_rows(test: dict[str, Any], classes: Array | None, column: Array | None, count: int, source: str) -> Array:
    """Which of `count` examples are the test part, as truth values `(count,)`.

    test: the study's `data.test`. classes: what examples are stratified by, `(count,)`, if they are. column: their groups or
    times. Raises DataError, which begins with `source`.
    """
    chosen = np.zeros(count, bool)
    if test["by"] == "time":
        chosen = _latest(np.asarray(column), test, source)
    else:
        chosen[_drawn(test, classes, column, count, source)] = True
    if chosen.all() or not chosen.any():
        raise DataError(
            f"{source}: data.test: expected a share that leaves examples to both parts, received {test['share']:g} of"
            f" {count}, by {test['by']}, which gives {int(chosen.sum())} to the test part."
        )
    return chosen


def test_words(test: dict[str, Any], chosen: Array) -> str:
    """How the test part was chosen, for the report."""
    column = f" of {test['column']}" if test["column"] else ""
    ways = {
        "random": f"at random by seed {test['seed']}",
        "stratified": f"stratified{column} by seed {test['seed']}",
        "group": f"by whole groups{column}, seed {test['seed']}",
        "time": f"the latest by {test['column']}",
    }
    return f"{int(chosen.sum())} of {len(chosen)} examples set aside as the test part, {ways[test['by']]}"


def _drawn(test: dict[str, Any], classes: Array | None, column: Array | None, count: int, source: str) -> Array:
    from sklearn.model_selection import GroupShuffleSplit, train_test_split  # here, since it takes longer than all else

    rows, share = np.arange(count), {"test_size": test["share"], "random_state": test["seed"]}
    try:
        if test["by"] == "group":
            splitter = GroupShuffleSplit(n_splits=1, **share)
            return np.asarray(next(splitter.split(rows, groups=column))[1])
        return np.asarray(train_test_split(rows, stratify=classes, **share)[1])
    except ValueError as failure:
        raise DataError(
            f"{source}: data.test: expected examples that can be split {_by(test)}, received others:"
            f" {' '.join(str(failure).split())}"
        ) from failure


def _by(test: dict[str, Any]) -> str:
    return {"group": "by whole groups", "stratified": "with two or more of each class"}.get(test["by"], "at random")


def _latest(column: Array, test: dict[str, Any], source: str) -> Array:
    """The latest examples; those of one time stay together."""
    times = _times(column, f"{source}: {test['column']}")
    first = len(times) - max(1, round(len(times) * test["share"]))
    return np.asarray(times >= np.sort(times)[first])


def _times(column: Array, where: str) -> Array:
    """Times as values that sort. Text is a date with the year first, since others can be read in two ways. Raises DataError."""
    values = pd.Series(column)
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return values.to_numpy()
    text = values.astype(str).str.strip()
    wrong = text[~text.str.fullmatch(YEAR_FIRST)]
    if wrong.empty:
        iso = text.str.replace(r"^(\d{4})[./](\d{1,2})(?:[./](\d{1,2}))?", _joined, regex=True)
        try:
            return pd.to_datetime(iso, format="mixed", yearfirst=True, utc=True).to_numpy()
        except ValueError:
            wrong = text
    raise DataError(
        f"{where}: expected numbers, or dates with the year first such as 2024-01-31, received {wrong.iloc[0]!r} and"
        f" {len(wrong) - 1} more."
    )


def _joined(match: re.Match[str]) -> str:
    return "-".join(part.zfill(2) for part in match.groups() if part)
