"""The file of runs made elsewhere: a row per arm and seed, a column per metric."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from butfor.errors import StudyError
from butfor.study.arm import BASELINE

SEPARATORS = ",;\t"
SEEDS = ("seed", "run", "replicate", "fold", "trial")
NO_VALUE = {
    "",
    "na",
    "n/a",
    "nan",
    "none",
    "null",
    "inf",
    "-inf",
    "+inf",
    "infinity",
    "-infinity",
    "failed",
    "diverged",
}


class RunsFileError(StudyError):
    """A file of runs that cannot be judged, in words for the person who wrote it."""


@dataclass(frozen=True)
class RunsFile:
    """The rows of the file, as text, with the number of each row's line as index.

    columns: `arm`, `seed` and the others by their own names. has_seeds: whether the file says which seed a run had; else they
    are numbered by their order.
    """

    path: Path
    rows: pd.DataFrame
    has_seeds: bool

    @property
    def arms(self) -> list[str]:
        """The arms in the order of the file."""
        return list(dict.fromkeys(self.rows["arm"]))

    @property
    def others(self) -> list[str]:
        """The columns that are neither arm nor seed."""
        return [column for column in self.rows.columns if column not in ("arm", "seed")]

    @property
    def lines(self) -> list[tuple[int, str, str]]:
        """Line, arm and seed of every run."""
        return [
            (int(str(line)), arm, seed)
            for line, arm, seed in zip(self.rows.index, self.rows["arm"], self.rows["seed"], strict=True)
        ]

    def values(self, column: str) -> dict[int, float | None] | None:
        """A column's numbers by line, None where a run has none; None altogether if there is a word in it."""
        by_seed: dict[int, float | None] = {}
        for line, written in self.rows[column].items():
            number = as_number(written)
            if number is None and written.lower() not in NO_VALUE:
                return None
            by_seed[int(str(line))] = number
        return by_seed if any(value is not None for value in by_seed.values()) else None

    def first_word(self, column: str) -> tuple[int, str]:
        """The line and the text of the first entry of a column that is neither a number nor empty."""
        return next(
            (int(str(line)), text)
            for line, text in self.rows[column].items()
            if as_number(text) is None and text.lower() not in NO_VALUE
        )


def read_runs(path: Path, arm: str = "arm", seed: str | None = None) -> RunsFile:
    """The runs in a file. arm, seed: the columns of these; for seeds, any that is called so, if none is named.

    Raises RunsFileError.
    """
    rows = _table(path)
    by_name = {column.lower(): column for column in rows.columns}
    if arm.lower() not in by_name:
        raise RunsFileError(
            f"{path}: expected a column {arm}, received {_named(rows)}. Name the column that says which variant a row is of:"
            " --arm COLUMN."
        )
    if seed is not None and seed.lower() not in by_name:
        raise RunsFileError(f"{path}: expected a column {seed}, as --seed says, received {_named(rows)}.")
    asked = [seed.lower()] if seed else [name for name in SEEDS if name in by_name and name != arm.lower()]
    rows = rows.rename(columns={by_name[arm.lower()]: "arm"})
    if asked:
        rows = rows.rename(columns={by_name[asked[0]]: "seed"})
    else:
        rows["seed"] = rows.groupby("arm").cumcount().astype(str)
    runs = RunsFile(path, rows, bool(asked))
    _refuse_unnamed(runs)
    return runs


def baseline_of_runs(runs: RunsFile, asked: str | None) -> str:
    """The arm that the others are compared with. Raises RunsFileError."""
    likely = [name for name in runs.arms if name.lower() == BASELINE]
    name = asked or next(iter(likely), None)
    if name is None or name not in runs.arms:
        received = f"{name}, which is no arm of the file" if name else "none"
        raise RunsFileError(
            f"{runs.path}: expected the arm that the others are compared with, received {received}. Write --baseline and one"
            f" of {', '.join(runs.arms[:20])}."
        )
    if len(runs.arms) < 2:
        raise RunsFileError(f"{runs.path}: expected the runs of two arms or more, received those of {name} alone.")
    return name


def as_number(text: str) -> float | None:
    """A finite number, with a point or a comma; None for anything else."""
    try:
        number = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _table(path: Path) -> pd.DataFrame:
    try:
        head = path.read_text(encoding="utf-8-sig").partition("\n")[0]
        separator = max(SEPARATORS, key=head.count)
        _refuse_surplus(path, separator)
        rows = pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False
        )
    except (OSError, UnicodeDecodeError, csv.Error, pd.errors.ParserError, pd.errors.EmptyDataError) as failure:
        why = failure.strerror if isinstance(failure, OSError) else str(failure).strip()
        raise RunsFileError(
            f"{path}: expected a CSV file with the columns arm and seed and one per metric, received none ({why})."
        ) from failure
    rows.columns = [str(column).strip() for column in rows.columns]
    rows = rows.map(lambda text: text.strip() if isinstance(text, str) else "")
    rows.index = pd.RangeIndex(2, len(rows) + 2)
    rows = rows[(rows != "").any(axis=1)]
    if twice := [name for name, count in Counter(rows.columns).items() if count > 1]:
        raise RunsFileError(f"{path}: expected different names of columns, received {twice[0]} twice.")
    if rows.empty:
        raise RunsFileError(f"{path}: expected a row per run below the names of the columns, received none.")
    return rows


def _refuse_surplus(path: Path, separator: str) -> None:
    """Raise RunsFileError for a line with more values than the first, whose names would be taken for those of other columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=separator)
        names = len(next(lines, []))
        for values in lines:
            if len(values) > names:
                raise RunsFileError(
                    f"{path}: expected a name for every column in the first line, received {names} names, and"
                    f" {len(values)} values in line {lines.line_num}."
                )


def _refuse_unnamed(runs: RunsFile) -> None:
    rows = runs.rows
    for column in ("arm", "seed"):
        if (empty := rows[rows[column] == ""]).size:
            raise RunsFileError(
                f"{runs.path}, line {empty.index[0]}: expected the {column} of the run, received nothing."
            )
    if (again := rows[rows.duplicated(["arm", "seed"])]).size:
        line = again.index[0]
        arm, seed = rows.loc[line, "arm"], rows.loc[line, "seed"]
        first = rows[(rows["arm"] == arm) & (rows["seed"] == seed)].index[0]
        raise RunsFileError(
            f"{runs.path}, line {line}: expected one run of {arm} with seed {seed}, received another in line {first}. Keep one,"
            " or give them different seeds."
        )


def _named(rows: pd.DataFrame) -> str:
    return ", ".join(map(str, rows.columns[:20]))
